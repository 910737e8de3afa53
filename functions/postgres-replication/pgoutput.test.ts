import { expect, it } from 'vitest';
import { decode, unchanged } from './pgoutput.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const word = (text: string) => Buffer.from(text).toString('hex');

it('decodes a relation, as a server of version 15 sends it', () => {
  const columns = `01 ${word('id')}00 00000017 ffffffff 00 ${word('price')}00 000006a4 000c0007`;
  expect(decode(hex(`52 00004006 ${word('public')}00 ${word('t')}00 64 0002 ${columns}`))).toEqual({
    kind: 'relation',
    relation: {
      oid: 16390,
      schema: 'public',
      name: 't',
      identity: 'd',
      columns: [
        { name: 'id', isIdentity: true, type: 23, modifier: -1 },
        { name: 'price', isIdentity: false, type: 1700, modifier: 786_439 },
      ],
    },
  });
});

it('tells a value that did not change from NULL and from an empty text', () => {
  const old = `4b 0003 74 00000001 ${word('1')} 6e 6e`;
  const row = `4e 0003 74 00000001 ${word('2')} 75 74 00000000`;
  expect(decode(hex(`55 00004006 ${old} ${row}`))).toEqual({
    kind: 'update',
    oid: 16390,
    old: { isWhole: false, tuple: ['1', null, null] },
    tuple: ['2', unchanged, ''],
  });
});

it("decodes where a transaction begins and ends, in the server's time", () => {
  expect(decode(hex('42 00000000 016b3748 00000000 000f4240 000002e1'))).toEqual({
    kind: 'begin',
    commitLsn: 0x16b3748n,
    at: new Date('2000-01-01T00:00:01.000Z'),
  });
  expect(decode(hex('43 00 00000000 016b3748 00000000 016b3778 00000000 000f4240'))).toMatchObject({
    kind: 'commit',
    commitLsn: 0x16b3748n,
    endLsn: 0x16b3778n,
  });
});

it('decodes a truncate of several tables that cascades', () => {
  expect(decode(hex('54 00000002 03 00004006 00004007'))).toEqual({
    kind: 'truncate',
    isCascade: true,
    oids: [16390, 16391],
  });
});

it('keeps nothing of the bytes, which the driver uses again', () => {
  const bytes = hex(`49 00004006 4e 0001 74 00000002 ${word('ab')}`);
  const message = decode(bytes);
  bytes.fill(0);
  expect(message).toEqual({ kind: 'insert', oid: 16390, tuple: ['ab'] });
});

it('refuses a message that was not asked for', () => {
  expect(() => decode(hex('53 00000001 01'))).toThrow(
    'the log holds a message that was not asked for: got "S"; allowed: B, C, O, R, Y, I, U, D, T, M',
  );
});

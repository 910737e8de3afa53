import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Column } from '../../schema.ts';
import { NotPlain } from '../not-plain.ts';
import { cellKind, cellKinds } from './cell-kind.ts';
import { createLook } from './csv-look.ts';

const of = (type: Column['type'], mode: Column['mode'] = 'NULLABLE'): Column =>
  ({ name: 'x', type, mode }) as Column;

/** Looks at bytes in two pieces, cut anywhere. */
function isPlain(text: string | Buffer, columns: readonly Column[], cut = 0, hasHeader = false): boolean {
  const kinds = columns.map((column) => cellKind(column) ?? cellKinds.text);
  const required = columns.map(({ mode }) => mode === 'REQUIRED');
  const look = createLook({ kinds, required, delimiter: ',', quote: '"', hasHeader });
  const bytes = Buffer.from(text as string);
  try {
    look.at(bytes.subarray(0, cut));
    look.at(bytes.subarray(cut));
    look.end();
    return true;
  } catch (error) {
    if (error instanceof NotPlain) return false;
    throw error;
  }
}

/** The same wherever the bytes are cut. */
function isPlainAnyhow(text: string | Buffer, columns: readonly Column[]): boolean {
  const answers = Array.from({ length: Buffer.from(text as string).length + 1 }, (_, cut) =>
    isPlain(text, columns, cut),
  );
  expect(new Set(answers).size).toBe(1);
  return answers[0] ?? false;
}

const cells: readonly (readonly [Column['type'], string, boolean])[] = [
  ['INTEGER', '-12', true],
  ['INTEGER', '999999999999999999', true],
  ...['9999999999999999999', '1.0', '+1', ' 1', '1 ', '0x1f', '1_000', '-', '1e3'].map(
    (text) => ['INTEGER', text, false] as const,
  ),
  ['NUMERIC', '-1.123456789', true],
  ...['1.1234567891', 'NaN', '1e3', '.5', '1.', '+1', '1'.repeat(30)].map(
    (text) => ['NUMERIC', text, false] as const,
  ),
  ['BIGNUMERIC', `${'9'.repeat(38)}.${'1'.repeat(38)}`, true],
  ...['-1.5e-7', '3', '1E+10'].map((text) => ['FLOAT', text, true] as const),
  ...['NaN', 'Infinity', '-inf', '1e999', '0x1p3', '1e', '', 'e5'].map(
    (text) => ['FLOAT', text || '""', false] as const,
  ),
  ['BOOLEAN', 'true', true],
  ['BOOLEAN', 'false', true],
  ...['yes', 't', 'TRUE', 'on', '1'].map((text) => ['BOOLEAN', text, false] as const),
  ['DATE', '2024-02-29', true],
  ['DATE', '2000-02-29', true],
  ...[
    '2023-02-29',
    '1900-02-29',
    '2024-02-30',
    '2024-04-31',
    '2024-01-32',
    '2024-13-01',
    '0000-01-01',
    'today',
    'infinity',
    '1/8/1999',
  ].map((text) => ['DATE', text, false] as const),
  ...['2024-01-01 00:00:00', '19990108', '2024-1-1', '2024-00-10', '2024-01-00', '-001-01-01'].map(
    (text) => ['DATE', text, false] as const,
  ),
  ['TIME', '23:59:59.000001', true],
  ...['24:00:00', '12:00:60', '12:60:00', '12:00', '12:00:00.', '12:00:00.1234567', '12:00:00+02', 'now'].map(
    (text) => ['TIME', text, false] as const,
  ),
  ['DATETIME', '2024-01-01 23:59:59.5', true],
  ['DATETIME', '2024-01-01T00:00:00', true],
  ...['2024-01-01', '2024-01-01 24:00:00', '2024-01-01 00:00:00Z', '2024-01-01 00:00:00+02', 'epoch'].map(
    (text) => ['DATETIME', text, false] as const,
  ),
  ['TIMESTAMP', '2024-01-01 00:00:00', true],
  ...['Z', '+00', '+00:00'].map((zone) => ['TIMESTAMP', `2024-01-01 00:00:00.5${zone}`, true] as const),
  ...['+02', '+00:30', '-00', '+0', ' UTC'].map(
    (zone) => ['TIMESTAMP', `2024-01-01 00:00:00${zone}`, false] as const,
  ),
  ...['{""a"":[1,""x\\n""],""b"":null}', '[]', '{""a"":1.25}'].map(
    (text) => ['JSON', `"${text}"`, true] as const,
  ),
  ...['{""a"": 1}', '{""a"":1.50}', '{""a"":01}', '{""a"":""\\ud800""}', '{""a""}', '5', '{}}', '[1,]'].map(
    (text) => ['JSON', `"${text}"`, false] as const,
  ),
  ...['null', '\\N', 'a"b', '"a"b', '"a'].map((text) => ['STRING', text, text === 'null'] as const),
  ...['2024', 'a, b'].map((text) => ['STRING', `"${text}"`, true] as const),
  ['JSON', '\\.', false],
];

it.each(cells)('a %s cell %j is plain: %s', (type, text, isGood) => {
  expect(isPlainAnyhow(`1,${text}\n2,${text}`, [of('INTEGER'), of(type)])).toBe(isGood);
  const isQuotable = !/["\\]/.test(text);
  if (isQuotable) expect(isPlainAnyhow(`"${text}",1\r\n`, [of(type), of('INTEGER')])).toBe(isGood);
});

it('a time is plain for a warehouse that keeps its text only when no zero ends it', () => {
  const looked = (time: string, isShort: boolean) => {
    const kinds = [cellKind(of('TIME'), isShort) ?? cellKinds.text, cellKinds.text];
    const look = createLook({ kinds, required: [], delimiter: ',', quote: '"', hasHeader: false });
    look.at(Buffer.from(`${time},x\n`));
  };
  for (const time of ['10:00:00', '10:00:00.5']) expect(() => looked(time, true)).not.toThrow();
  expect(() => looked('10:00:00.50', false)).not.toThrow();
  expect(() => looked('10:00:00.50', true)).toThrow(NotPlain);
});

it('an empty cell is NULL, which a required column and quotes around a number forbid', () => {
  const columns = [of('STRING', 'REQUIRED'), of('DATE'), of('STRING')];
  expect(isPlainAnyhow('a,,\nb,2024-01-01,""', columns)).toBe(true);
  expect(isPlainAnyhow('"",,', columns)).toBe(true);
  expect(isPlainAnyhow(',2024-01-01,x\n', columns)).toBe(false);
  expect(isPlainAnyhow('a,"",x\n', columns)).toBe(false);
  expect(isPlainAnyhow('a,x', [of('STRING'), of('STRING', 'REQUIRED')])).toBe(true);
  expect(isPlainAnyhow('a,', [of('STRING'), of('STRING', 'REQUIRED')])).toBe(false);
});

it('rows of another width, empty lines and lone carriage returns are not plain', () => {
  const columns = [of('STRING'), of('STRING')];
  expect(isPlainAnyhow('a,b\nc,d\n', columns)).toBe(true);
  for (const text of ['a\n', 'a,b,c\n', 'a,b\n\nc,d\n', '\n', 'a,b\rc,d\n', 'a,b\n\n'])
    expect([text, isPlainAnyhow(text, columns)]).toEqual([text, false]);
});

it('a line that ends the rows for PostgreSQL is not plain, in quotes either', () => {
  const columns = [of('STRING'), of('STRING')];
  expect(isPlainAnyhow('a,b\n\\.\nc,d\n', columns)).toBe(false);
  expect(isPlainAnyhow('a,"b\n\\.\nc"\n', columns)).toBe(false);
  expect(isPlainAnyhow('a,"b\nc\\.\n"\n', columns)).toBe(true);
});

it('bytes that are no UTF-8 are not plain, a character cut in two is', () => {
  const columns = [of('STRING'), of('STRING')];
  expect(isPlainAnyhow('日本,🛰\nü,é\n', columns)).toBe(true);
  expect(isPlainAnyhow(Buffer.from('a,\xe9\n', 'latin1'), columns)).toBe(false);
  expect(isPlainAnyhow(Buffer.from([0x61, 0x2c, 0xf0, 0x9f]), columns)).toBe(false);
});

it('the header is no row', () => {
  expect(isPlain('"id",day\n1,2024-01-01\n', [of('INTEGER'), of('DATE')], 3, true)).toBe(true);
});

it('texts of any kind are plain when they are quoted, however the bytes are cut', () => {
  const text = fc.array(fc.constantFrom('a', ',', '"', '\n', '\r', '\\', 'ü', '🛰'), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.integer()), { minLength: 1, maxLength: 4 }), (rows) => {
      const quote = (each: readonly string[]) => `"${each.join('').replaceAll('"', '""')}"`;
      const isSafe = rows.every(([each]) => !/\n\\/.test(each.join('')));
      const csv = rows.map(([each, number]) => `${quote(each)},${number}`).join('\n');
      expect(isPlainAnyhow(csv, [of('STRING'), of('INTEGER')])).toBe(isSafe);
    }),
    { seed: 5, numRuns: 100 },
  );
});

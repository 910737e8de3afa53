import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadFixture } from './load-fixture.ts';
import { openFixture } from './load-fixture.ts';

let fixture: LoadFixture;

beforeAll(async () => {
  fixture = await openFixture();
});

afterAll(() => fixture.close());

const ab = [
  { name: 'a', type: 'INTEGER' },
  { name: 'b', type: 'STRING' },
];

describe('loading a CSV file', () => {
  it('reads every type, and tells an empty cell from an empty text', async () => {
    const path = await fixture.put(
      'types.csv',
      'i,f,n,bool,d,dt,ts,t,s,j,by\n' +
        '9007199254740993,1.5,0.1,true,2026-01-31,2026-01-31 10:00:00,2026-01-31T10:00:00+02:00,10:00:01,"x","{""a"":1}",aGk=\n' +
        '-1,-1e3,-12345678901234567890.123456789,0,2026-1-2,2026-01-31T10:00:00.123456,2026-01-31 10:00:00Z,23:59:59,"",[],\n' +
        ',,,,,,,,,,\n',
    );
    const types = {
      i: 'INTEGER',
      f: 'FLOAT',
      n: 'NUMERIC',
      bool: 'BOOLEAN',
      d: 'DATE',
      dt: 'DATETIME',
      ts: 'TIMESTAMP',
      t: 'TIME',
      s: 'STRING',
      j: 'JSON',
      by: 'BYTES',
    };
    const columns = Object.entries(types).map(([name, type]) => ({ name, type }));
    const loaded = await fixture.load(columns, [{ path, format: 'csv' }]);
    expect(loaded).toMatchObject({ read: 3, staged: 3, quarantined: [], drift: [] });
    const rest = { _origin: 'here', _extra: null };
    expect(loaded.rows).toEqual([
      {
        i: '9007199254740993',
        f: 1.5,
        n: '0.100000000',
        bool: true,
        d: '2026-01-31',
        dt: '2026-01-31 10:00:00',
        ts: '2026-01-31 08:00:00+00',
        t: '10:00:01',
        s: 'x',
        j: '{"a":1}',
        by: 'hi',
        ...rest,
      },
      {
        i: '-1',
        f: -1000,
        n: '-12345678901234567890.123456789',
        bool: false,
        d: '2026-01-02',
        dt: '2026-01-31 10:00:00.123456',
        ts: '2026-01-31 10:00:00+00',
        t: '23:59:59',
        s: '',
        j: '[]',
        by: null,
        ...rest,
      },
      { ...Object.fromEntries(Object.keys(types).map((name) => [name, null])), ...rest },
    ]);
  });

  it('takes columns by name in any order, by sourceName, and without regard to case', async () => {
    const path = await fixture.put('order.csv', 'B Name,ID\nx,1\n');
    const columns = [
      { name: 'id', type: 'INTEGER' },
      { name: 'b', type: 'STRING', sourceName: 'B Name' },
      { name: 'c', type: 'STRING' },
    ];
    const { rows } = await fixture.load(columns, [{ path, format: 'csv' }]);
    expect(rows).toEqual([{ id: '1', b: 'x', c: null, _origin: 'here', _extra: null }]);
  });

  it('reads dates in the format of their column, and good rows beside one that is not', async () => {
    const columns = [{ name: 'd', type: 'DATE', format: '%b %d %Y' }];
    const good = await fixture.put('dates.csv', 'd\nJan 1 2000\n"Feb 29 2004"\n');
    expect((await fixture.load(columns, [{ path: good, format: 'csv' }])).rows.map(({ d }) => d)).toEqual([
      '2000-01-01',
      '2004-02-29',
    ]);
    const bad = await fixture.put('bad-dates.csv', 'd\nJan 1 2000\n2000-01-02\n');
    const loaded = await fixture.load(columns, [{ path: bad, format: 'csv' }]);
    expect(loaded).toMatchObject({ read: 2, staged: 1 });
    expect(loaded.quarantined).toEqual([
      { row: 1, path: 'd', reason: 'is not a DATE written as %b %d %Y', masked: '20******02' },
    ]);
  });

  it('keeps a byte order mark, carriage returns, quoted line breaks, quotes and delimiters apart', async () => {
    const path = await fixture.put('quoted.csv', '\ufeffa,b\r\n1,"x\r\ny, ""z"""\r\n2,plain');
    const { rows } = await fixture.load(ab, [{ path, format: 'csv' }]);
    expect(rows.map(({ a, b }) => [a, b])).toEqual([
      ['1', 'x\r\ny, "z"'],
      ['2', 'plain'],
    ]);
  });

  it('keeps unknown columns in _extra and reports them as drift', async () => {
    const path = await fixture.put('extra.csv', 'a,when,b,n o\n1,2026-01-01,x,5\n2,,y,\n3,2026-01-02,z,\n');
    const loaded = await fixture.load(ab, [{ path, format: 'csv' }]);
    expect(loaded.rows.map(({ _extra }) => _extra)).toEqual([
      '{"when":"2026-01-01","n o":"5"}',
      null,
      '{"when":"2026-01-02","n o":null}',
    ]);
    expect(loaded.drift).toEqual([
      { field: 'when', suggested: { name: 'when', type: 'DATE', mode: 'NULLABLE' }, rows: 2 },
      {
        field: 'n o',
        suggested: { name: 'n_o', type: 'INTEGER', mode: 'NULLABLE', sourceName: 'n o' },
        rows: 1,
      },
    ]);
  });

  it('quarantines ragged rows and cells that do not fit, with their place, reason and masked value', async () => {
    const path = await fixture.put(
      'ragged.csv',
      'a,b\n1,good\n2\n1.5,half\n3,"q\nr",more\n""," "\nsecret-number,x\n99999999999999999999,x\n4.0,good\n',
    );
    const columns = [{ name: 'a', type: 'INTEGER', mode: 'REQUIRED' }, ab[1] ?? {}];
    const loaded = await fixture.load(columns, [{ path, format: 'csv' }]);
    expect(loaded).toMatchObject({ read: 8, staged: 2 });
    expect(loaded.rows.map(({ a }) => a)).toEqual(['1', '4']);
    const integer = 'is not a whole number of 64 bits';
    expect(loaded.quarantined).toEqual([
      { row: 1, path: '', reason: 'has 1 cells instead of 2', masked: '*' },
      { row: 2, path: 'a', reason: integer, masked: '***' },
      { row: 3, path: '', reason: 'has 3 cells instead of 2', masked: expect.stringMatching(/^3,/) },
      { row: 4, path: 'a', reason: 'is required and missing', masked: 'NULL' },
      { row: 5, path: 'a', reason: integer, masked: 'se…(13)…er' },
      { row: 6, path: 'a', reason: integer, masked: '99…(20)…99' },
    ]);
  });

  it.each([
    ['FLOAT', 'nan', 'is not a number'],
    ['FLOAT', 'inf', 'is not a number'],
    ['INTEGER', '1e3', 'is not a whole number of 64 bits'],
    ['INTEGER', '0x1F', 'is not a whole number of 64 bits'],
    ['INTEGER', '1_000', 'is not a whole number of 64 bits'],
    ['NUMERIC', '1.0000000001', /is not a decimal number/],
    ['NUMERIC', '1_000', /is not a decimal number/],
    ['BOOLEAN', 'maybe', 'is not true or false'],
    ['DATE', '2026-02-30', 'is not a date as YYYY-MM-DD'],
    ['DATE', '2026-02-03 10:00:00', 'is not a date as YYYY-MM-DD'],
    ['DATE', '0000-02-03', 'is not a date as YYYY-MM-DD'],
    ['DATE', '2026-02-0x', 'is not a date as YYYY-MM-DD'],
    ['DATE', '2026/02/03', 'is not a date as YYYY-MM-DD'],
    ['DATE', 'epoch', 'is not a date as YYYY-MM-DD'],
    ['DATETIME', '0000-02-03 10:00:00', /is not a date and time without a zone/],
    ['TIMESTAMP', '0000-02-03 10:00:00Z', /is not a moment/],
    ['DATETIME', '2026-02-03T10:00:00+02:00', /is not a date and time without a zone/],
    ['DATETIME', '2026-2-3 1:00:00Z', /is not a date and time without a zone/],
    ['DATETIME', '2026-02-03 10:00:3Z', /is not a date and time without a zone/],
    ['TIMESTAMP', 'yesterday', /is not a moment/],
    ['TIME', '25:00:00', 'is not a time as HH:MM:SS'],
    ['BYTES', '%%%', 'is not bytes or base64'],
    ['JSON', '{"a":', 'is not JSON'],
  ])('quarantines the %s "%s" instead of changing it', async (type, text, reason) => {
    const path = await fixture.put('cell.csv', `x,y\n"${text.replaceAll('"', '""')}",1\n`);
    const loaded = await fixture.load([{ name: 'x', type }], [{ path, format: 'csv' }]);
    expect(loaded).toMatchObject({ read: 1, staged: 0, rows: [] });
    expect(loaded.quarantined.map((row) => row.reason)).toEqual([
      typeof reason === 'string' ? reason : expect.stringMatching(reason),
    ]);
  });

  it('agrees with itself: a cell loads the same beside good rows and beside bad ones', async () => {
    const cells = {
      INTEGER: '12.0',
      DATE: '2026-01-02 00:00:00',
      FLOAT: '1e3',
      NUMERIC: '1.10',
      BOOLEAN: 'TRUE',
    };
    for (const [type, text] of Object.entries(cells)) {
      const columns = [
        { name: 'x', type },
        { name: 'n', type: 'INTEGER' },
      ];
      const alone = await fixture.put('alone.csv', `x,n\n${text},1\n`);
      const beside = await fixture.put('beside.csv', `x,n\n${text},1\n${text},bad\n`);
      const one = await fixture.load(columns, [{ path: alone, format: 'csv' }]);
      const other = await fixture.load(columns, [{ path: beside, format: 'csv' }]);
      expect(one.rows, type).toHaveLength(1);
      expect(other.rows, type).toEqual(one.rows);
    }
  });

  it('reads other dialects: tabs, semicolons, other quotes, a marker for NULL, no header', async () => {
    const tsv = await fixture.put('x.tsv', 'a\tb\n1\tx,y\n');
    expect((await fixture.load(ab, [{ path: tsv, format: 'csv' }])).rows).toMatchObject([
      { a: '1', b: 'x,y' },
    ]);
    const other = await fixture.put('other.csv', "1;'x;y'\nNA;NA\n2;'NA'\n");
    const { rows } = await fixture.load(ab, [
      { path: other, format: 'csv', delimiter: ';', quote: "'", nullMarker: 'NA', header: false },
    ]);
    expect(rows.map(({ a, b }) => [a, b])).toEqual([
      ['1', 'x;y'],
      [null, null],
      ['2', 'NA'],
    ]);
  });

  it('reads gzip with several members, zstd, UTF-16 and Latin-1', async () => {
    const gz = await fixture.put('m.csv.gz', Buffer.concat([gzipSync('a,b\n1,x\n'), gzipSync('2,y\n')]));
    expect((await fixture.load(ab, [{ path: gz, format: 'csv' }])).rows.map(({ a }) => a)).toEqual([
      '1',
      '2',
    ]);
    const zst = await fixture.put('m.csv.zst', zstdCompressSync('a,b\n1,x\n'));
    expect((await fixture.load(ab, [{ path: zst, format: 'csv' }])).rows).toHaveLength(1);
    const wide = await fixture.put('wide.csv', Buffer.from('\ufeffa,b\n1,é\n', 'utf16le'));
    expect((await fixture.load(ab, [{ path: wide, format: 'csv', encoding: 'utf-16' }])).rows).toMatchObject([
      { a: '1', b: 'é' },
    ]);
    const latin = await fixture.put('latin.csv', Buffer.from('a,b\n1,é\n', 'latin1'));
    expect(
      (await fixture.load(ab, [{ path: latin, format: 'csv', encoding: 'latin-1' }])).rows,
    ).toMatchObject([{ a: '1', b: 'é' }]);
  });

  it('takes a path with quotes and pattern characters literally', async () => {
    const path = await fixture.put(`it's "odd" [1]*?.csv`, 'a,b\n7,x\n');
    await fixture.put(`it's "odd" 1.csv`, 'a,b\n8,x\n');
    expect((await fixture.load(ab, [{ path, format: 'csv' }])).rows.map(({ a }) => a)).toEqual(['7']);
  });

  it('loads nothing from a header alone', async () => {
    const path = await fixture.put('header.csv', 'a,b\n');
    expect(await fixture.load(ab, [{ path, format: 'csv' }])).toMatchObject({ read: 0, staged: 0, rows: [] });
  });

  it('counts on through several files', async () => {
    const one = await fixture.put('one.csv', 'a,b\n1,x\n');
    const two = await fixture.put('two.csv', 'a,b\nbad,x\n');
    const loaded = await fixture.load(ab, [
      { path: one, format: 'csv' },
      { path: two, format: 'csv' },
    ]);
    expect(loaded).toMatchObject({ read: 2, staged: 1, bytes: 18, quarantined: [{ row: 1, path: 'a' }] });
  });

  it('carries 10,000 bad rows in detail and counts all', async () => {
    const path = await fixture.put('many.csv', `a,b\n${'bad,x\n'.repeat(10_500)}1,x\n`);
    const loaded = await fixture.load(ab, [{ path, format: 'csv' }]);
    expect(loaded).toMatchObject({ read: 10_501, staged: 1 });
    expect(loaded.quarantined).toHaveLength(10_000);
  });
});

import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspect } from './inspect.ts';
import { describeFile as describeAt, typesOf as typesAt } from './inspect-fixture.ts';
import type { TestPlace } from './sandbox/places.ts';
import { openPlace } from './sandbox/places.ts';
import type { FileOptions } from './source.ts';

let place: TestPlace;
beforeEach(async () => {
  place = await openPlace('s3');
});
afterEach(() => place.close());

const describeFile = (options: FileOptions) => describeAt(place, options);
const typesOf = (options: FileOptions) => typesAt(place, options);

describe('inspect.tables', () => {
  it('lists what could be read, with the options that read it', async () => {
    await place.put('2026/a.csv.gz', 'xx');
    await place.put('b.parquet', 'xxx');
    await place.put('readme.md', 'x');
    expect(await inspect.tables({ ...place, signal: new AbortController().signal })).toEqual([
      { name: '2026/a.csv.gz', kind: 'file', bytes: 2, options: { path: '2026/a.csv.gz' } },
      { name: 'b.parquet', kind: 'file', bytes: 3, options: { path: 'b.parquet' } },
    ]);
  });
});

describe('inspect.describe of CSV', () => {
  it('reads a megabyte of a large file and no byte more, and estimates its rows', async () => {
    const rows = 400_000;
    await place.put('x.csv', `id,name\n${'1234567,abc\n'.repeat(rows)}`);
    const found = await describeFile({ path: 'x.csv' });
    expect(place.bytesServed()).toBe(2 ** 20);
    expect(found.isEstimate).toBe(true);
    expect(Math.abs((found.rows ?? 0) / rows - 1)).toBeLessThan(0.01);
  });

  it.each([
    ['gz', (text: string) => gzipSync(text)],
    ['zst', (text: string) => zstdCompressSync(text)],
  ])('unpacks the beginning of a .%s file, whose end is not there', async (ending, pack) => {
    const numbers = Array.from({ length: 500_000 }, (_, row) => `${row},${(row * 7919) % 100_003}`);
    await place.put(`x.csv.${ending}`, pack(`id,value\n${numbers.join('\n')}\n`));
    expect(await typesOf({ path: `x.csv.${ending}` })).toEqual({ id: 'INTEGER', value: 'INTEGER' });
    expect(place.bytesServed()).toBeLessThanOrEqual(2 ** 20);
  });

  it('keeps what a number would lose: zeros in front, the plus of a phone, more digits than an integer has', async () => {
    await place.put(
      'x.csv',
      'zip,sku,phone,big,n,f,e\n02134,007,+4930123,123456789012345678901,12,1.5,1e5\n10001,123,+1555,2,-3,.25,2\n',
    );
    expect(await typesOf({ path: 'x.csv' })).toEqual({
      zip: 'STRING',
      sku: 'STRING',
      phone: 'STRING',
      big: 'STRING',
      n: 'INTEGER',
      f: 'FLOAT',
      e: 'FLOAT',
    });
  });

  it('knows zip codes and phone numbers by their names when no zero gives them away', async () => {
    await place.put('x.csv', 'Zip Code,home_phone,zipped\n90210,5551234,1\n');
    expect(await typesOf({ path: 'x.csv' })).toEqual({
      zip_code: 'STRING',
      home_phone: 'STRING',
      zipped: 'INTEGER',
    });
  });

  it('tells days and times, and how they are written', async () => {
    await place.put(
      'x.csv',
      'd,ts,dt,t,us,de,name,b\n2026-01-31,2026-01-31T10:00:00Z,2026-01-31 10:00:00,10:00,1/31/2026,31.1.2026,Jan 31 2026,true\n',
    );
    expect(await typesOf({ path: 'x.csv' })).toEqual({
      d: 'DATE',
      ts: 'TIMESTAMP',
      dt: 'DATETIME',
      t: 'TIME',
      us: 'DATE %m/%d/%Y',
      de: 'DATE %d.%m.%Y',
      name: 'DATE %b %d %Y',
      b: 'BOOLEAN',
    });
  });

  it('does not guess between the third of April and the fourth of March', async () => {
    await place.put('x.csv', 'day\n03/04/2026\n');
    const { columns, warnings } = await describeFile({ path: 'x.csv' });
    expect(columns[0]?.column.type).toBe('STRING');
    expect(warnings).toEqual([
      'column "day" holds days whose month cannot be told from their day, such as "03/04/2026"; set type DATE and format %m/%d/%Y or %d/%m/%Y',
    ]);
  });

  it('has all columns nullable, keeps original names, and shows the first rows', async () => {
    await place.put('x.csv', 'A b,"c\nd",\n1,"x, ""y""\nz",\n2,,\n3,n,\n');
    const { columns, sample, rows } = await describeFile({ path: 'x.csv' });
    expect(columns.map(({ column }) => column)).toEqual([
      { name: 'a_b', sourceName: 'A b', type: 'INTEGER', mode: 'NULLABLE' },
      { name: 'c_d', sourceName: 'c\nd', type: 'STRING', mode: 'NULLABLE' },
      { name: 'column_2', type: 'STRING', mode: 'NULLABLE' },
    ]);
    expect(sample).toEqual([
      ['1', 'x, "y"\nz', null],
      ['2', null, null],
    ]);
    expect(rows).toBe(3);
  });

  it('names the columns of a file without a header by their positions', async () => {
    await place.put('x.csv', '1,a\n2,b\n');
    const { columns, rows } = await describeFile({ path: 'x.csv', header: false });
    expect(columns.map(({ column: { name, type } }) => `${name} ${type}`)).toEqual([
      'column_0 INTEGER',
      'column_1 STRING',
    ]);
    expect(rows).toBe(2);
  });

  it('notices another delimiter and another encoding', async () => {
    await place.put('x.csv', Buffer.from('Stadt;Wert\nZürich;1\nBern;2\n', 'latin1'));
    const { columns, warnings } = await describeFile({ path: 'x.csv' });
    expect(columns).toHaveLength(2);
    expect(warnings).toEqual([
      'the cells are delimited by ";"; set "delimiter" of the table to it',
      'the file is not utf-8; set "encoding" of the table to utf-16 or latin-1',
    ]);
  });
});

describe('inspect.describe of JSON', () => {
  it('takes the union of the fields, with records, lists and mixtures', async () => {
    const records = [
      {
        id: 9007199254740993n,
        tags: ['a'],
        at: '2026-01-01T00:00:00Z',
        inner: { x: 1 },
        mixed: 1,
        code: '12',
      },
      { id: 2n, tags: [], inner: { y: 'z' }, mixed: 'one', list: [[1]], items: [{ n: 1.5 }] },
    ];
    const text = (record: object) =>
      JSON.stringify(record, (_, value) => (typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value));
    await place.put('x.jsonl', `${records.map(text).join('\n')}\n`);
    const { columns, sample } = await describeFile({ path: 'x.jsonl' });
    expect(columns.map(({ column }) => column)).toEqual([
      { name: 'id', type: 'INTEGER', mode: 'NULLABLE' },
      { name: 'tags', type: 'STRING', mode: 'REPEATED' },
      { name: 'at', type: 'TIMESTAMP', mode: 'NULLABLE' },
      {
        name: 'inner',
        type: 'RECORD',
        fields: [
          { name: 'x', type: 'INTEGER', mode: 'NULLABLE' },
          { name: 'y', type: 'STRING', mode: 'NULLABLE' },
        ],
        mode: 'NULLABLE',
      },
      { name: 'mixed', type: 'JSON', mode: 'NULLABLE' },
      { name: 'code', type: 'STRING', mode: 'NULLABLE' },
      { name: 'list', type: 'JSON', mode: 'NULLABLE' },
      {
        name: 'items',
        type: 'RECORD',
        fields: [{ name: 'n', type: 'FLOAT', mode: 'NULLABLE' }],
        mode: 'REPEATED',
      },
    ]);
    expect(sample[0]?.[0]).toBe('9007199254740993');
  });

  it.each(['x.json', 'x.jsonl'])('takes a list and lines alike, whatever the name %s says', async (path) => {
    await place.put(path, '[{"a":1},\n{"a":2}]');
    expect((await describeFile({ path })).rows).toBe(2);
    await place.put(path, '{"a":1}\n{"a":2}\n{"a":3}\n');
    expect((await describeFile({ path })).rows).toBe(3);
  });

  it('reads a megabyte of a large document, and takes the records that are complete', async () => {
    const record = { name: 'x'.repeat(1000), value: 1 };
    const document = { meta: { total: 5000 }, data: { rows: Array.from({ length: 5000 }, () => record) } };
    await place.put('x.json', JSON.stringify(document));
    expect(await typesOf({ path: 'x.json', records: 'data.rows' })).toEqual({
      name: 'STRING',
      value: 'INTEGER',
    });
    expect(place.bytesServed()).toBe(2 ** 20);
  });

  it('says where the records may be when the file is one record', async () => {
    await place.put('x.json', '{"type":"c","features":[{"a":1}]}');
    expect((await describeFile({ path: 'x.json' })).warnings).toEqual([
      'the file is one record; if its records are in "features", set "records" of the table',
    ]);
  });

  it('refuses what is no JSON', async () => {
    await place.put('x.json', '<html>');
    await expect(describeFile({ path: 'x.json' })).rejects.toThrow(
      '[s3://exports/in/x.json] the file is not valid JSON',
    );
  });
});

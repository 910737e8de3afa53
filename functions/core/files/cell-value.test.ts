import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSchema } from '../schema.ts';
import { lenientValue, strictValue } from './cell-value.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;

beforeAll(async () => {
  const { DuckDBInstance: Instance } = await import('@duckdb/node-api');
  instance = await Instance.create(':memory:');
  connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

/** Good cells to begin with, of which others are made by small changes. */
const seeds = {
  INTEGER: ['0', '7', '-12', '007', '12.0', '9223372036854775807', '1000', ' 5 ', '+5'],
  NUMERIC: ['0.1', '-12345678901234567890.123456789', '7', '1.10', '.5'],
  BOOLEAN: ['true', 'FALSE', '0', '1'],
  DATE: ['2026-01-31', '2026-1-2', '0001-01-01', '9999-12-31', '2026-01-02T00:00:00Z'],
  TIME: ['10:00:01', '23:59:59.123456', '1:2:3'],
  DATETIME: ['2026-01-31 10:00:00', '2026-01-31T10:00:00', '2026-1-2 1:20:30', '2026-01-31 10:00:00.123456'],
  TIMESTAMP: ['2026-01-31 10:00:00Z', '2026-01-31T10:00:00+02:00', '2026-01-31 10:00:00'],
} as const;

/** What is put in, and what takes a character's place. */
const pieces = [
  '',
  '0',
  '1',
  '9',
  '-',
  '+',
  '.',
  'e',
  'E',
  'e2',
  ':',
  ' ',
  'T',
  'Z',
  '+02',
  ' UTC',
  '_',
  'x',
];

describe.each(Object.keys(seeds) as (keyof typeof seeds)[])('a cell of a %s column', (type) => {
  const [column] = checkSchema([{ name: 'c', type }], 'schemas/t.json');

  it('is read by the fast check only as the close one reads it, or not at all', async () => {
    const texts = new Set<string>(['epoch', 'infinity', '0x1F', '0b11', '1_000', '0000-01-01', '2026/01/02']);
    for (const seed of seeds[type])
      for (let at = 0; at <= seed.length; at += 1)
        for (const piece of pieces)
          for (const taken of [0, 1, 2]) texts.add(seed.slice(0, at) + piece + seed.slice(at + taken));
    if (column === undefined) throw new Error('no column');
    // NULL instead of the end of the statement.
    const strict = strictValue(column, 'c')
      .replaceAll(/error\('[^']+'\)/g, 'null')
      .replaceAll(/\bc::(TIMESTAMP WITH TIME ZONE|\w+)/g, 'try_cast(c as $1)')
      .replaceAll(/ cast\(/g, ' try_cast(');
    const reader = await connection.runAndReadAll(
      `select c, (${strict})::varchar as fast, (${lenientValue(column, 'c')})::varchar as close
       from (select unnest(from_json($1, '["VARCHAR"]')) as c)`,
      [JSON.stringify([...texts])],
    );
    const rows = reader.getRowObjectsJson();
    expect(rows).toHaveLength(texts.size);
    expect(rows.filter(({ fast, close }) => fast !== null && fast !== close)).toEqual([]);
    // The other way round a file only costs more, but what is usual must not.
    const usual = rows.filter(({ c }) => (seeds[type] as readonly unknown[]).includes(c));
    expect(usual.filter(({ fast }) => fast === null)).toEqual([]);
  });
});

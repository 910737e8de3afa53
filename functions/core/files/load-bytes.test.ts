import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Column } from '../schema.ts';
import { column, items } from '../warehouses/conformance/bench.ts';
import { inspectSegments, loadBytes } from './load-bytes.ts';
import type { LoadFixture } from './load-fixture.ts';
import { openFixture } from './load-fixture.ts';
import { columnDefinitions } from './types.ts';

let fixture: LoadFixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(() => fixture.close());

/** Loads cells of one column, beside an id that tells which came through. */
async function load(type: Column['type'], cells: readonly string[], longestRecord = 100) {
  const target = items({ columns: [column('id', 'INTEGER'), column('cell', type)] });
  const { connection, folder } = fixture;
  await connection.run(`create or replace table loaded (${columnDefinitions(target.columns)})`);
  const path = join(folder, 'cells.csv');
  const text = cells.map((cell, index) => `${index},${cell}\n`).join('');
  await writeFile(path, text);
  const file = inspectSegments([{ path, bytes: text.length, longestRecord }], 'items');
  const loaded = await loadBytes(
    { connection, target, origin: 'a', into: 'loaded', file },
    { columns: ['id', 'cell'] },
    'csv',
  );
  const reader = await connection.runAndReadAll('select cell from loaded order by id');
  return { ...loaded, values: reader.getRowsJson().map(([value]) => value) };
}

it.each<[Column['type'], readonly string[], readonly unknown[]]>([
  ['FLOAT', ['NaN', 'Infinity', '-Infinity', '1e300', '\\N'], ['NaN', 'Infinity', '-Infinity', 1e300, null]],
  [
    'NUMERIC',
    ['999999999.999999999', '1000000000', '-0.000000001'],
    ['999999999.999999999', '1000000000.000000000', '-0.000000001'],
  ],
  ['BOOLEAN', ['t', 'f', '\\N'], [true, false, null]],
  [
    'BIGNUMERIC',
    ['0.1', '12345678901234567890123456789012345678.9'],
    ['0.1', '12345678901234567890123456789012345678.9'],
  ],
  ['STRING', ['\\N', '"\\N"', '""', '', '"a\nb"'], [null, '\\N', '', '', 'a\nb']],
  ['TIMESTAMP', ['2026-11-01 10:00:00.000001'], ['2026-11-01 10:00:00.000001+00']],
])('reads canonical text of %s', async (type, cells, values) => {
  const loaded = await load(type, cells);
  expect(loaded.quarantined).toEqual([]);
  expect(loaded.values).toEqual(values);
});

it.each<[Column['type'], readonly string[], string]>([
  ['INTEGER', ['1.5', '1e3', '9223372036854775808', 'x', ''], 'is not a whole number of 64 bits'],
  [
    'NUMERIC',
    ['0.0000000001', '1e3', 'x', ''],
    'is not a decimal number with at most 29 digits before and 9 after the point',
  ],
  ['BOOLEAN', ['true', '1', 'T', ''], 'is not t or f'],
  [
    'DATE',
    ['infinity', '2026-11-01 10:00:00', '0044-03-15 BC', '0000-01-01', '2026-13-01', ''],
    'is not a date as YYYY-MM-DD',
  ],
  ['TIME', ['24:30:00', '10:00', ''], 'is not a time as HH:MM:SS'],
  [
    'DATETIME',
    ['infinity', '0000-01-01 10:00:00', '2026-11-01', ''],
    'is not a date and time without a zone as YYYY-MM-DD HH:MM:SS',
  ],
  ['BYTES', ['xyz', '\\x00'], 'is not hexadecimal digits'],
  ['JSON', ['{', ''], 'is not JSON'],
])('sends cells that are no canonical %s to quarantine, and keeps the others', async (type, bad, reason) => {
  const loaded = await load(type, ['\\N', ...bad, '\\N']);
  expect(loaded.quarantined.map((row) => [row.row, row.path, row.reason])).toEqual(
    bad.map((_, index) => [index + 1, 'cell', reason]),
  );
  expect(loaded).toMatchObject({ read: bad.length + 2, loaded: 2, values: [null, null] });
});

it('reads a record of many megabytes', async () => {
  const text = 'x'.repeat(12_000_000);
  const { values } = await load('STRING', [text, 'short'], text.length + 3);
  expect(values).toEqual([text, 'short']);
});

it('refuses a record that would fill the memory', () => {
  expect(() => inspectSegments([{ path: 'x', bytes: 2 ** 30, longestRecord: 2 ** 27 }], 'items')).toThrow(
    '[items] a row of the stream is longer than 64 MB; leave its large column out',
  );
});

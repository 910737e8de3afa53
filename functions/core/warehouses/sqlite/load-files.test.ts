import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { FileRef } from '../../extract.ts';
import { checkFiles } from '../../files/check-files.ts';
import { column, items, openBench } from '../conformance/bench.ts';
import { openSqlite } from './warehouse.ts';

// The checked reader itself, and a count of how often it was asked.
vi.mock('../../files/check-files.ts', { spy: true });

let folder = '';

beforeEach(async () => {
  vi.mocked(checkFiles).mockClear();
  folder = await mkdtemp(join(tmpdir(), 'catchment-sqlite-files-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const target = items({
  ...{ key: [], writeMode: 'append', dataset: 'main' },
  columns: [
    column('id', 'INTEGER', 'REQUIRED'),
    ...[column('amount', 'NUMERIC'), column('rate', 'FLOAT'), column('is_paid', 'BOOLEAN')],
    ...[column('day', 'DATE'), column('opens', 'TIME'), column('placed', 'DATETIME')],
    ...[column('moment', 'TIMESTAMP'), column('note', 'STRING'), column('more', 'JSON')],
  ],
});
const names = target.columns.map(({ name }) => name);

/** Loads files into a new database, and says whether they took the short way. */
async function load(files: readonly FileRef[]) {
  await rm(join(folder, 'w.db'), { force: true });
  vi.mocked(checkFiles).mockClear();
  const bench = await openBench(() => openSqlite({ path: join(folder, 'w.db') }));
  await bench.warehouse.prepare([target]);
  const stage = await bench.warehouse.openStage(target, 'x');
  const { read, quarantined, drift } = await stage.load(files);
  await bench.warehouse.commit(bench.commitOf([stage], { rows: [], origin: 'x' }));
  await stage.discard();
  const rows = await bench.rows(`select ${names.join(', ')}, _origin, _extra from items order by id`);
  await bench.warehouse.close();
  return { read, quarantined, drift, rows, isDirect: vi.mocked(checkFiles).mock.calls.length === 0 };
}

async function put(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

/** The same through the checked reader, which one more file makes all of them take. */
async function check(files: readonly FileRef[]) {
  return load([...files, { path: await put('none.json', '[]'), format: 'json' }]);
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).filter((each) => !/[\0\ud800-\udfff]/.test(each)),
  fc.constantFrom('', 'null', '\\N', '"', 'a"b\\c\n\t/', 'é🛰', '12', '{}'),
);
const moments = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const maybe = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) });
const nested = fc.dictionary(
  fc.constantFrom('a', 'b c', 'ü'),
  fc.oneof(fc.integer(), text, fc.array(fc.boolean()), fc.constant(null)),
);

const records = fc
  .sample(
    fc.record(
      {
        amount: maybe(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((whole) => whole / 1000)),
        rate: maybe(
          fc
            .double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 })
            .filter((rate) => !/e-?\d{3}/.test(String(rate))),
        ),
        is_paid: maybe(fc.boolean()),
        day: maybe(moments.map((date) => date.toISOString().slice(0, 10))),
        opens: maybe(moments.map((date) => date.toISOString().slice(11, 23))),
        placed: maybe(moments.map((date) => date.toISOString().slice(0, 21))),
        moment: maybe(moments.map((date) => `${date.toISOString().slice(0, 23).replace('T', ' ')}+00`)),
        note: maybe(text),
        more: maybe(nested),
      },
      { requiredKeys: [] },
    ),
    { seed: 20_261_121, numRuns: 500 },
  )
  .map((record, id): Record<string, unknown> => ({ id, ...record }));

/** JSON columns as values. */
function parsed(rows: readonly (readonly unknown[])[]) {
  return rows.map((row) =>
    row.map((cell, index) => (names[index] === 'more' && typeof cell === 'string' ? JSON.parse(cell) : cell)),
  );
}

it('makes the same table of JSON Lines as the checked reader', async () => {
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const files = [{ path: await put('many.ndjson', lines), format: 'ndjson' }] as const;
  const [direct, checked] = [await load(files), await check(files)];
  expect([direct.isDirect, direct.read, checked.isDirect]).toEqual([true, 500, false]);
  // The checked reader writes the escapes of JSON anew.
  expect(parsed(direct.rows)).toEqual(parsed(checked.rows));
});

it('makes the same table of CSV as the checked reader', async () => {
  const cell = (value: unknown) => {
    if (value === null || value === undefined) return '';
    const written = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return /^[-\d.:+TZ ]+$/.test(written) ? written : `"${written.replaceAll('"', '""')}"`;
  };
  const lines = records.map((record) => names.map((name) => cell(record[name])).join(','));
  const path = await put('many.csv', `${[names.join(','), ...lines].join('\n')}\n`);
  const files = [{ path, format: 'csv' }] as const;
  const [direct, checked] = [await load(files), await check(files)];
  expect([direct.isDirect, direct.read, checked.isDirect]).toEqual([true, 500, false]);
  expect(direct.rows).toEqual(checked.rows);
});

it.each([
  ...['9,1.1234567891', '9,007', '9,-0.0', '9,,1e999', '9,,NaN', '9,,,yes', '9,,,,2023-02-29'],
  ...['9,,,,,24:00:00', '9,,,,,,2024-01-01 25:00:00', '9,,,,,,,2024-01-01 00:00:00+02', '9.0', ',,,,,,,,x'],
  ...['9,,,,,,,,,{"a": 1}', '9,,,,,,,,,5', '9,,,,,,,,,{"a"', '9223372036854775808'],
])('says the same of a CSV row as the checked reader: %s', async (row) => {
  const padded = `${row}${','.repeat(names.length - row.split(',').length)}`;
  const path = await put('odd.csv', `${names.join(',')}\n1,,,,,,,,x,\n${padded}\n`);
  const files = [{ path, format: 'csv' }] as const;
  const [asItIs, checked] = [await load(files), await check(files)];
  expect(asItIs.rows).toEqual(checked.rows);
  expect(asItIs.quarantined).toEqual(checked.quarantined);
});

it.each([
  '{"id":1.0}',
  '{"id":9,"new":1}',
  '{"id":9,"note":5}',
  '{"id":9,"day":"2023-02-29"}',
  '{"note":"x"}',
  '[1]',
])('says the same of a JSON line as the checked reader: %s', async (line) => {
  const path = await put('odd.ndjson', `{"id":1}\n${line}\n{"id":2}\n`);
  const files = [{ path, format: 'ndjson' }] as const;
  const [asItIs, checked] = [await load(files), await check(files)];
  expect(asItIs.isDirect).toBe(false);
  expect(asItIs.rows).toEqual(checked.rows);
  expect([asItIs.quarantined, asItIs.drift]).toEqual([checked.quarantined, checked.drift]);
});

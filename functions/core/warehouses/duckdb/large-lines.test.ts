import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { column, items, openBench } from '../conformance/bench.ts';
import { openDuckdb } from './warehouse.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-lines-'));
});
afterAll(() => rm(folder, { recursive: true }));

const target = items({
  key: [],
  columns: [
    ...[column('n', 'INTEGER', 'REQUIRED'), column('amount', 'NUMERIC'), column('day', 'DATE')],
    ...[
      column('at', 'TIMESTAMP'),
      column('local', 'DATETIME'),
      column('clock', 'TIME'),
      column('note', 'STRING'),
    ],
  ],
});

/** As many as make a file that is read into a draft. */
const count = 60_000;
const lineOf = (n: number) =>
  JSON.stringify({
    ...{ n, amount: n / 4, day: '2026-01-31', at: `2026-01-31T10:00:${10 + (n % 50)}Z` },
    ...{ local: '2026-01-31 10:00:00.25', clock: n % 2 === 0 ? '10:00:00' : null, note: `n${n % 7}` },
  });
const body = Array.from({ length: count }, (_, n) => `${lineOf(n)}\n`).join('');

/** Loads many good lines with one more behind them, and says what came of it. */
async function load(name: string, last: string) {
  const path = join(folder, `${name}.ndjson`);
  await writeFile(path, body + last);
  const bench = await openBench(() => openDuckdb({ path: join(folder, `${name}.duckdb`) }));
  await bench.warehouse.prepare([target]);
  const stage = await bench.warehouse.openStage(target, 'a');
  const { read, quarantined, drift } = await stage.load([{ path, format: 'ndjson' }]);
  await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'append' }));
  await stage.discard();
  const [sums] = await bench.rows(
    `select count(*)::int, sum(n)::bigint::varchar, sum(amount)::varchar, min(day)::varchar, max("at")::varchar,
      min("local")::varchar, count(clock)::int, count(distinct note)::int from conformance.items where note like 'n_'`,
  );
  const others = await bench.rows(
    `select n::int, amount::varchar, "at"::varchar, note, _extra::varchar from conformance.items where note not like 'n_' or note is null`,
  );
  return { read, quarantined, drift, sums, others };
}

const whole = (count * (count - 1)) / 2;
const good = [
  ...[count, String(whole), `${(whole / 4).toFixed(9)}`, '2026-01-31', '2026-01-31 10:00:59+00'],
  ...['2026-01-31 10:00:00.25', count / 2, 7],
];

it('reads many lines as they are', async () => {
  expect(await load('good', '')).toEqual({ read: count, quarantined: [], drift: [], sums: good, others: [] });
});

it.each([
  [
    'zone',
    { n: -1, at: '2026-01-31 12:00:00+02:00', note: 'z' },
    [-1, null, '2026-01-31 10:00:00+00', 'z', null],
  ],
  ['number', { n: -1, amount: 0.1, note: 12.5 }, [-1, '0.100000000', null, '12.5', null]],
  ['new', { n: -1, more: 'x', note: 'z' }, [-1, null, null, 'z', '{"more":"x"}']],
])('reads the last of many lines that only a closer look can read: %s', async (name, last, row) => {
  const { read, quarantined, sums, others } = await load(name, JSON.stringify(last));
  expect({ read, quarantined, sums, others }).toEqual({
    ...{ read: count + 1, quarantined: [], sums: good, others: [row] },
  });
});

it.each([
  ['fraction', { n: 1.5, note: 'z' }, 'n', 'is not a whole number of 64 bits'],
  ['missing', { note: 'z' }, 'n', 'is required and missing'],
  ['day', { n: 1, day: '2026-02-30', note: 'z' }, 'day', 'is not a date as YYYY-MM-DD'],
])('quarantines the last of many lines, and loads the others: %s', async (name, last, path, reason) => {
  const { read, quarantined, sums, others } = await load(`bad-${name}`, JSON.stringify(last));
  expect(read).toBe(count + 1);
  expect(quarantined).toMatchObject([{ row: count, path, reason }]);
  expect({ sums, others }).toEqual({ sums: good, others: [] });
});

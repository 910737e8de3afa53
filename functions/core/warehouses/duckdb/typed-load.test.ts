import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { typedForm } from '../../files/doubt/typed-cells.ts';
import { inspectFile } from '../../files/inspect-file.ts';
import { column, items, openBench } from '../conformance/bench.ts';
import { openDuckdb } from './warehouse.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-typed-'));
});
afterAll(() => rm(folder, { recursive: true }));

const target = items({
  key: [],
  columns: [column('whole', 'INTEGER', 'REQUIRED'), column('moment', 'DATETIME'), column('note', 'STRING')],
});

/** As many as make a file that is read into a draft. */
const count = 150_000;
const head = 'whole,moment,note\n';
const body = Array.from(
  { length: count },
  (_, row) => `${row - 5},2026-01-31T10:00:${10 + (row % 50)},n${row % 7}\n`,
).join('');

/** Loads a file of many good rows with some more behind them, and says what came of it. */
async function load(name: string, last: string) {
  const path = join(folder, `${name}.csv`);
  await writeFile(path, head + body + last);
  const ref = { path, format: 'csv' } as const;
  expect(typedForm(await inspectFile(ref, 't'), target.columns)).toBeDefined();
  const bench = await openBench(() => openDuckdb({ path: join(folder, `${name}.duckdb`) }));
  await bench.warehouse.prepare([target]);
  const stage = await bench.warehouse.openStage(target, 'a');
  const { read, quarantined } = await stage.load([ref]);
  await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'append' }));
  await stage.discard();
  const [sums] = await bench.rows(
    'select count(*)::int, sum(whole)::bigint::varchar, min(moment)::varchar, max(moment)::varchar, count(distinct note)::int from conformance.items',
  );
  const others = await bench.rows(
    `select whole::int, moment::varchar, note from conformance.items where note not like 'n_' order by all`,
  );
  return { read, quarantined, sums, others };
}

const sum = String((count * (count - 1)) / 2 - 5 * count);
const good = [count, sum, '2026-01-31 10:00:10', '2026-01-31 10:00:59', 7];

it('reads whole numbers and moments of a large file as they are', async () => {
  expect(await load('good', '')).toEqual({ read: count, quarantined: [], sums: good, others: [] });
});

it('takes a doubtful cell for what it is', async () => {
  const last = '12.0,2026-01-31 10:00:20.5,"1.5\n1e3,2026-01-31 10:00:00Z,"\n+3,,UTC\n';
  const { read, quarantined, others } = await load('doubtful', last);
  expect({ read, quarantined }).toEqual({ read: count + 2, quarantined: [] });
  expect(others).toEqual([
    [3, null, 'UTC'],
    [12, '2026-01-31 10:00:20.5', '1.5\n1e3,2026-01-31 10:00:00Z,'],
  ]);
});

it.each([
  ['1.5,,z', 'whole', 'is not a whole number of 64 bits'],
  ['1e3,,z', 'whole', 'is not a whole number of 64 bits'],
  ['one,,z', 'whole', 'is not a whole number of 64 bits'],
  ['- ,,z', 'whole', 'is not a whole number of 64 bits'],
  [',,z', 'whole', 'is required and missing'],
  ['1,2026-01-31 10:00:00+02,z', 'moment', 'is not a date and time without a zone as YYYY-MM-DD HH:MM:SS'],
  ['1,0000-01-31 10:00:00,z', 'moment', 'is not a date and time without a zone as YYYY-MM-DD HH:MM:SS'],
])('quarantines %j behind many good rows, and loads those', async (line, path, reason) => {
  const { read, quarantined, sums, others } = await load('bad', `${line}\n`);
  await rm(join(folder, 'bad.duckdb'));
  expect(read).toBe(count + 1);
  expect(quarantined).toMatchObject([{ row: count, path, reason }]);
  expect({ sums, others }).toEqual({ sums: good, others: [] });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Batch } from '../../functions/core/extract.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import type { CounterPlace } from '../crash/counter-run.ts';
import { counterPipeline, duckdbPlace, now, openCounter } from '../crash/counter-run.ts';
import { columns, rowsOf, source } from '../crash/counter-source.ts';

const day = '2026-11-11';
const good: Batch = { table: 'replaceWindow', rows: rowsOf('a', day), total: 3 };

let folder: string;
let place: CounterPlace;
let warehouse: Warehouse;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'catchment-slice-'));
  place = duckdbPlace(join(folder, 'estate.duckdb'));
  warehouse = await openCounter(place);
  expect((await load([good])).run.status).toBe('succeeded');
});

afterEach(async () => {
  await warehouse.close();
  rmSync(folder, { recursive: true });
});

it('loads nothing of a slice with fewer rows than the vendor announced, and leaves the table alone', async () => {
  const { run, failures } = await load([{ ...good, rows: rowsOf('a', day).slice(1) }]);
  expect(run.status).toBe('failed');
  expect(failures[0]?.error).toBe(
    `[counter/g] slice replaceWindow/a/${day}..${day} of table "replaceWindow" is not whole: the vendor announced 3 rows, 2 came; nothing of it was loaded; the next run reads it again`,
  );
  expect(await count()).toBe(3);
});

it('loads nothing of a slice whose every row breaks the schema, so good rows are not replaced by none', async () => {
  const { run, failures } = await load([{ table: 'replaceWindow', rows: [{ day: 'soon', id: 'a1' }] }]);
  expect(run.status).toBe('failed');
  expect(failures[0]?.error).toContain(
    `every row of slice replaceWindow/a/${day}..${day} breaks schemas/counter/rows.json: day is not a date as YYYY-MM-DD`,
  );
  expect(await count()).toBe(3);
});

function load(batches: readonly Batch[]) {
  const extract = async function* () {
    yield* batches;
  };
  return runPipeline({
    pipeline: counterPipeline('replaceWindow', place),
    group: 'g',
    source,
    code: { extract: extract as never },
    schemas: { 'counter/rows': columns },
    warehouse,
    secret: {},
    trigger: 'test',
    window: { start: day, end: day },
    now: () => now,
  });
}

async function count(): Promise<unknown> {
  return (await warehouse.query('select count(*) from crash."replaceWindow"')).rows[0]?.[0];
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Bench } from '../conformance/bench.ts';
import { items, openBench } from '../conformance/bench.ts';
import { openDatabase } from './database.ts';
import { openDuckdb } from './warehouse.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-urgent-'));
});
afterAll(() => rm(folder, { recursive: true }));

const pathOf = (place: string) => join(folder, `${place}.duckdb`);

/** More than a vector, of which a row group may be made. */
const batchRows = 3_000;

/** Commits a batch of a log whose ids follow those of the batches before. */
async function commitBatch(bench: Bench, batch: number, isUrgent: boolean): Promise<void> {
  const stage = await bench.warehouse.openStage(items(), '-', { changes: true });
  const each = <T>(value: (row: number) => T) => Array.from({ length: batchRows }, (_, row) => value(row));
  const day = each(() => '2026-11-01');
  const id = each((row) => `x${String(batch * batchRows + row).padStart(9, '0')}`);
  const none = each(() => null);
  const value = each((row) => BigInt(row));
  await stage.append({
    rows: batchRows,
    values: [day, id, value, each(() => '-'), none, each(() => 'upsert'), none, day, id],
  });
  const commit = bench.commitOf([stage], { rows: [], slice: `log/${batch}` });
  const tables = commit.tables.map((table) => ({ ...table, writeMode: 'changes' as const }));
  await bench.warehouse.commit({ ...commit, tables, isUrgent });
  await stage.discard();
}

it('leaves the merging of row groups to checkpoints after the first commit that is not urgent', async () => {
  const bench = await openBench((place) => openDuckdb({ path: pathOf(place) }));
  await bench.warehouse.prepare([items()]);
  const database = await openDatabase(pathOf(bench.place), '512MB');
  onTestFinished(() => database.close());
  const rowGroups = async () => {
    await database.write((connection) => connection.run('CHECKPOINT'));
    const [[count] = []] = await bench.rows(
      `SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('conformance.items')`,
    );
    return Number(count);
  };
  for (let batch = 0; batch < 6; batch += 1) {
    await commitBatch(bench, batch, true);
    expect(await rowGroups()).toBe(batch + 1);
  }
  await commitBatch(bench, 6, false);
  expect(await rowGroups()).toBe(1);
  const [counts = []] = await bench.rows('SELECT count(*), count(DISTINCT id) FROM conformance.items');
  expect(counts.map(Number)).toEqual([7 * batchRows, 7 * batchRows]);
});

it('writes the tables more often while it is urgent, and by default otherwise', async () => {
  const bench = await openBench((place) => openDuckdb({ path: pathOf(place) }));
  await bench.warehouse.prepare([items()]);
  const settings = () =>
    bench.rows(
      `SELECT name, value FROM duckdb_settings() WHERE name IN ('checkpoint_threshold', 'max_vacuum_tasks') ORDER BY name`,
    );
  const before = await settings();
  await commitBatch(bench, 0, true);
  expect(await settings()).toEqual([
    ['checkpoint_threshold', '7.6 MiB'],
    ['max_vacuum_tasks', '0'],
  ]);
  await bench.load({ rows: [] });
  expect(await settings()).toEqual(before);
});

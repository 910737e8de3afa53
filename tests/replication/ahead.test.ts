import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Batch, SourceCode } from '../../functions/core/extract.ts';
import { allTables } from '../../functions/core/extract.ts';
import type { RunEvent } from '../../functions/core/run/event.ts';
import { openDuckdb } from '../../functions/core/warehouses/duckdb/warehouse.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import type { Replication } from './pipeline.ts';
import { dataset, runReplication } from './pipeline.ts';
import { items } from './use-source.ts';

let folder: string;
let warehouse: Warehouse;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-ahead-'));
  warehouse = await openDuckdb({ path: join(folder, 'warehouse.duckdb') });
});
afterEach(async () => {
  await warehouse.close();
  await rm(folder, { recursive: true, force: true });
});

const replication: Replication = {
  address: { host: 'nowhere', port: 1, database: 'none' },
  login: { user: 'u', password: 'p' },
  tables: { items },
};

/** As many as one batch takes. */
const full = 10_000;

const inserts = (from: number, count: number): Batch => ({
  table: 'items',
  changes: Array.from({ length: count }, (_, index) => ({
    op: 'upsert',
    row: { id: String(from + index), name: 'a', body: null },
  })),
});

/** A log of a full batch and one more change; `between` is called when it is asked for what comes after the first. */
function logOf(between: (committed: string | undefined) => void): SourceCode {
  return {
    async *extract({ committed }: { committed?: () => string | undefined }) {
      yield { table: allTables, position: 'begin' };
      yield { table: 'items', rows: [] };
      yield { table: 'items', position: 'copied' };
      yield inserts(0, full);
      yield { table: allTables, position: 'first' };
      between(committed?.());
      yield inserts(full, 1);
      yield { table: allTables, position: 'second', isCurrent: true, isLast: true };
    },
  } as unknown as SourceCode;
}

const isFirstBatch = (event: RunEvent) => event.type === 'rows-staged' && event.rows === full;

async function stored(): Promise<unknown> {
  const rows = await warehouse.query(`SELECT count(*) FROM ${dataset}.items`);
  const cursor = await warehouse.query(`SELECT value FROM catchment.cursors WHERE "table" = '*'`);
  return [Number(rows.rows[0]?.[0]), cursor.rows[0]?.[0]];
}

it('reads the next batch while the last one is committed, and says only then that it is', async () => {
  const asked = Promise.withResolvers<string | undefined>();
  const summary = await runReplication(replication, {
    warehouse,
    code: logOf(asked.resolve),
    // The first batch is not committed before more was asked for.
    onEvent: async (event) => {
      if (isFirstBatch(event)) await asked.promise;
    },
  });
  expect(summary.run).toMatchObject({ status: 'succeeded', rowsRead: full + 1 });
  expect(await asked.promise).toBe('begin');
  expect(await stored()).toEqual([full + 1, 'second|items']);
});

it('commits nothing that was read behind a batch that fails', async () => {
  let isAsked = false;
  const code = logOf(() => {
    isAsked = true;
  });
  const fail = (event: RunEvent) => {
    if (isFirstBatch(event)) throw new Error('cut off');
  };
  const failed = await runReplication(replication, { warehouse, code, onEvent: fail });
  expect(failed.run).toMatchObject({ status: 'partial', error: expect.stringContaining('cut off') });
  expect(isAsked).toBe(true);
  expect(await stored()).toEqual([0, 'begin|']);
});

it('commits urgently what comes fast once it has caught up, but not the last batch', async () => {
  const commits: [rows: number, isUrgent: boolean | undefined][] = [];
  const watched: Warehouse = {
    ...warehouse,
    commit: (commit) => {
      commits.push([commit.tables.reduce((rows, { stage }) => rows + stage.rows, 0), commit.isUrgent]);
      return warehouse.commit(commit);
    },
  };
  const code = {
    async *extract() {
      yield { table: allTables, position: 'begin' };
      yield { table: 'items', rows: [] };
      yield { table: 'items', position: 'copied' };
      yield inserts(0, full);
      yield { table: allTables, position: 'behind' };
      yield inserts(full, full);
      yield { table: allTables, position: 'current', isCurrent: true };
      yield inserts(2 * full, full);
      yield { table: allTables, position: 'falling behind' };
      yield inserts(3 * full, full);
      yield { table: allTables, position: 'last', isCurrent: true, isLast: true };
    },
  } as unknown as SourceCode;
  const summary = await runReplication(replication, { warehouse: watched, code });
  expect(summary.run).toMatchObject({ status: 'succeeded', rowsRead: 4 * full });
  expect(commits).toEqual([
    [0, undefined],
    [full, false],
    [full, true],
    [full, true],
    [full, false],
  ]);
});

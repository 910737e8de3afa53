import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import type { Pipeline, Transform } from '../pipeline.ts';
import type { Column } from '../schema.ts';
import { defineSource } from '../source.ts';
import { openSqlite } from '../warehouses/sqlite/warehouse.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import { runPipeline } from './run.ts';

const columns: readonly Column[] = [
  { name: 'id', type: 'INTEGER', mode: 'NULLABLE' },
  { name: 'at', type: 'TIMESTAMP', mode: 'NULLABLE' },
];
const table = { key: ['id'], writeMode: 'merge', cursor: { kind: 'snapshot' } } as const;
const source = defineSource({
  title: 'Log',
  docs: 'https://example.com',
  hosts: [],
  runsOn: 'function',
  secret: z.object({}),
  settings: z.object({}),
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC' },
  tables: { log: table },
});

const derived: Transform = {
  declared: 'stats',
  name: 'stats',
  schema: 'log/log',
  key: ['id'],
  writeMode: 'merge',
  cursor: { kind: 'watermark', field: 'at', lookback: 0 },
  after: ['log'],
  sql: 'select id * 10 as id, at from {{dataset}}_log where at >= {{since}}',
};

let folder: string;
let warehouse: Warehouse;
let rows: readonly { readonly id: number; readonly at: string }[];
let clock: Date;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-transforms-'));
  warehouse = await openSqlite({ path: join(folder, 'w.db') });
  clock = new Date('2026-11-20T06:00:00Z');
  rows = [
    { id: 1, at: '2026-11-01T00:00:00Z' },
    { id: 2, at: '2026-11-02T00:00:00.5Z' },
  ];
});

afterEach(async () => {
  await warehouse.close();
  await rm(folder, { recursive: true, force: true });
});

it('computes a table after the others, in the same run, and counts it', async () => {
  const summary = await run([derived]);
  expect(summary.run).toMatchObject({ status: 'succeeded', rowsLoaded: 4 });
  expect(summary.tables.map(({ table: name, inserted }) => [name, inserted])).toEqual([
    ['d.log', 2],
    ['d.stats', 2],
  ]);
  expect(await stats()).toEqual([10, 20]);
});

it('asks for what is new since the newest value that the table has', async () => {
  await run([derived]);
  rows = [...rows, { id: 3, at: '2026-11-03T00:00:00Z' }];
  const summary = await run([derived]);
  // The newest row is read again, since another of the same moment may have come.
  expect(summary.tables[1]).toMatchObject({ rowsRead: 2, inserted: 1, unchanged: 1 });
  expect(await stats()).toEqual([10, 20, 30]);
});

it('does nothing when nothing it reads was loaded', async () => {
  await run([derived]);
  const other: Transform = { ...derived, after: ['elsewhere'] };
  expect((await run([other])).tables[1]).toMatchObject({ rowsRead: 0 });
});

it('leaves the loaded tables in place when the SQL fails, says why, and is due again', async () => {
  const broken: Transform = {
    ...derived,
    sql: 'select no_such_column as id, at from d_log where at >= {{since}}',
  };
  const summary = await run([broken]);
  expect(summary.run.status).toBe('partial');
  expect(summary.failures).toEqual([
    {
      sliceId: 'stats/-/transform',
      error:
        '[stats] the SQL failed: no such column: no_such_column; allowed: one SELECT of the columns id, at',
    },
  ]);
  expect((await warehouse.query('select count(*) from d_log')).rows).toEqual([[2]]);
  expect((await run([derived])).run.status).toBe('succeeded');
  expect(await stats()).toEqual([10, 20]);
});

it('replaces a table that is computed whole', async () => {
  const whole: Transform = {
    ...derived,
    key: [],
    writeMode: 'replace',
    cursor: { kind: 'snapshot' },
    sql: 'select count(*) as id, max(at) as at from {{dataset}}_log',
  };
  await run([whole]);
  await run([whole]);
  expect(await stats()).toEqual([2]);
});

async function run(transforms: readonly Transform[]) {
  clock = new Date(clock.getTime() + 60_000);
  const pipeline: Pipeline = {
    name: 'log',
    source: 'log',
    warehouse: { name: 'main', kind: 'sqlite', path: 'w.db' },
    dataset: 'd',
    tables: [{ ...table, declared: 'log', name: 'log', schema: 'log/log' }],
    transforms,
    groups: [{ name: 'g', timeZone: 'UTC', sandbox: false, settings: {} }],
    schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
    runsOn: 'function',
  };
  return runPipeline({
    pipeline,
    group: 'g',
    source,
    code: {
      extract: async function* () {
        yield { table: 'log', rows };
      },
    },
    schemas: { 'log/log': columns },
    warehouse,
    secret: {},
    trigger: 'test',
    now: () => clock,
  });
}

async function stats() {
  return (await warehouse.query('select id from d_stats order by id')).rows.map(([id]) => id);
}

import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JdbcRead } from '../../engine-read.ts';
import type { Pipeline } from '../../pipeline.ts';
import type { RunSummary } from '../../run/request.ts';
import { runPipeline } from '../../run/run.ts';
import type { Column } from '../../schema.ts';
import { defineSource } from '../../source.ts';
import { callId, runJob } from '../../warehouses/bigquery/jobs.ts';
import { createRest } from '../../warehouses/bigquery/rest.ts';
import { type Emulator, startEmulator } from '../../warehouses/bigquery/sandbox/server.ts';
import { settle } from '../../warehouses/bigquery/settings.ts';
import { openBigquery } from '../../warehouses/bigquery/warehouse.ts';
import type { Warehouse } from '../../warehouses/warehouse.ts';
import { type DataflowStandIn, type Launched, startDataflow } from './stand-in.ts';

const project = 'acme';
const region = 'europe-west1';
const password = 'hush-hush-hush';

const columns: readonly Column[] = [
  { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
  { name: 'name', type: 'STRING', mode: 'NULLABLE' },
];

const source = defineSource({
  title: 'Shop database',
  docs: 'https://example.com',
  hosts: [],
  runsOn: 'job',
  engines: ['dataflow'],
  secret: z.object({ user: z.string(), password: z.string() }),
  settings: z.object({}),
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC' },
  tables: {
    orders: { key: ['id'], writeMode: 'merge', cursor: { kind: 'snapshot' } },
    items: { key: ['id'], writeMode: 'replace', cursor: { kind: 'snapshot' } },
  },
});

const pipeline: Pipeline = {
  name: 'shop',
  source: 'shop',
  warehouse: { name: 'main', kind: 'bigquery', project, location: 'EU' },
  dataset: 'marts',
  tables: Object.entries(source.tables).map(([declared, table]) => ({
    ...table,
    declared,
    name: declared,
    schema: 'shop/rows',
  })),
  groups: [{ name: 'main', secret: 'shop-db', timeZone: 'UTC', sandbox: false, settings: {} }],
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
  runsOn: 'job',
  engine: 'dataflow',
};

const jdbc = ({ table }: { readonly table: string }): JdbcRead => ({
  driver: 'postgres',
  url: 'jdbc:postgresql://db.internal:5432/shop?sslmode=require',
  user: 'reader',
  query: `SELECT "id", "name" FROM ${table}`,
  partitionColumn: table === 'orders' ? 'id' : undefined,
});

interface ShopRow {
  readonly id: number;
  readonly name: string | null;
}

let dataflow: DataflowStandIn;
let emulator: Emulator;
let warehouse: Warehouse;
let clock: number;

const options = () => ({
  project,
  location: 'EU',
  dataset: 'marts',
  bigqueryUrl: emulator.url,
  metadataUrl: emulator.url,
  sleep: async () => {},
  now: () => new Date(clock),
});

beforeEach(async () => {
  clock = Date.UTC(2026, 10, 12, 6);
  dataflow = await startDataflow({ project, region });
  emulator = await startEmulator({ project, location: 'EU', datasets: ['marts'] });
  warehouse = openBigquery(options());
});

afterEach(async () => {
  await warehouse.close();
  await emulator.close();
  await dataflow.close();
});

/** One call of the scheduler; the clock goes on by the three minutes after which it comes again. */
async function run(isResume = false): Promise<RunSummary> {
  const summary = await runPipeline({
    pipeline,
    group: 'main',
    source,
    code: { extract: (() => {}) as never, jdbc: jdbc as never },
    schemas: { 'shop/rows': columns },
    warehouse,
    secret: { user: 'reader', password },
    trigger: 'test',
    isResume,
    dataflow: {
      project,
      region,
      bucket: 'acme-staging',
      serviceAccount: 'etl-shop@acme.iam.gserviceaccount.com',
      subnetwork: 'regions/europe-west1/subnetworks/data-eu',
      passwords: { main: 'shop-db-password' },
    },
    standIns: {
      'dataflow.googleapis.com': dataflow.url,
      'bigquery.googleapis.com': emulator.url,
      'metadata.google.internal': emulator.url,
    },
    now: () => new Date(clock),
    sleep: async () => {},
  });
  clock += 3 * 60_000;
  return summary;
}

const tableOf = ({ parameters }: Launched) => parameters.outputTable?.split('.').at(-1) ?? '';

const jobOf = (table: string): Launched => {
  const job = dataflow.jobs.findLast(({ parameters }) =>
    (parameters.query ?? parameters.table)?.includes(`FROM ${table}`),
  );
  if (job === undefined) throw new Error(`no job for ${table}`);
  return job;
};

/** What the workers of a job do: rows into its table, and the count of them. */
async function finish(table: string, rows: readonly ShopRow[], written = rows.length): Promise<void> {
  const job = jobOf(table);
  const settings = settle(options());
  await runJob(
    { settings, rest: createRest(settings), meter: { billed: 0 } },
    {
      what: 'writing as a worker',
      id: callId('load'),
      configuration: {
        load: {
          destinationTable: { projectId: project, datasetId: 'marts', tableId: tableOf(job) },
          sourceFormat: 'NEWLINE_DELIMITED_JSON',
          writeDisposition: 'WRITE_APPEND',
          createDisposition: 'CREATE_NEVER',
          maxBadRecords: 0,
          ignoreUnknownValues: false,
        },
      },
      upload: gzipSync(rows.map(({ id, name }) => `${JSON.stringify({ id: String(id), name })}\n`).join('')),
    },
  );
  job.state = 'JOB_STATE_DONE';
  job.written = written;
}

const rowsIn = async (table: string) =>
  (await warehouse.query(`SELECT id, name FROM \`acme.marts.${table}\` ORDER BY id`)).rows;

describe('a run with engine dataflow', () => {
  it('launches a job for each slice with parameters out of the declaration, and waits for none', async () => {
    const { run: record, tables } = await run();
    expect([record.status, record.resumeAt]).toEqual(['deferred', new Date(Date.UTC(2026, 10, 12, 6, 3))]);
    expect(tables.map(({ rowsRead }) => rowsRead)).toEqual([0, 0]);
    const [orders, items] = dataflow.jobs;
    const hash = orders?.name.slice('etl-shop-'.length);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(orders?.parameters).toEqual({
      driverJars: 'gs://acme-staging/jdbc/postgresql.jar',
      driverClassName: 'org.postgresql.Driver',
      connectionURL: 'jdbc:postgresql://db.internal:5432/shop?sslmode=require',
      username: 'reader',
      password: 'projects/acme/secrets/shop-db-password/versions/latest',
      table: '(SELECT "id", "name" FROM orders) as source',
      partitionColumn: 'id',
      numPartitions: '16',
      useColumnAlias: 'true',
      outputTable: `acme:marts.catchment_dataflow_${hash}`,
      isTruncate: 'true',
      createDisposition: 'CREATE_NEVER',
      bigQueryLoadingTemporaryDirectory: `gs://acme-staging/dataflow/etl-shop-${hash}/bigquery`,
    });
    expect(items?.parameters).toMatchObject({ query: 'SELECT "id", "name" FROM items' });
    expect(orders?.environment).toMatchObject({
      serviceAccountEmail: 'etl-shop@acme.iam.gserviceaccount.com',
      subnetwork: 'regions/europe-west1/subnetworks/data-eu',
      ipConfiguration: 'WORKER_IP_PRIVATE',
    });
    expect(JSON.stringify(dataflow.jobs)).not.toContain(password);
  });

  it('asks again by schedule, commits what is done, and lets the rest wait', async () => {
    await run();
    for (const job of dataflow.jobs) job.state = 'JOB_STATE_RUNNING';
    expect((await run()).run.status).toBe('deferred');
    expect(dataflow.jobs).toHaveLength(2);
    await finish('items', [{ id: 1, name: 'pen' }]);
    const second = await run();
    expect([second.run.status, second.run.rowsLoaded]).toEqual(['deferred', 1]);
    expect(await rowsIn('items')).toEqual([[1, 'pen']]);
    await finish('orders', [
      { id: 7, name: 'seven' },
      { id: 8, name: null },
    ]);
    const third = await run();
    expect([third.run.status, third.run.rowsLoaded]).toEqual(['succeeded', 2]);
    // The items were in already, and nothing reads them twice in one round.
    expect(dataflow.jobs).toHaveLength(2);
    expect(await rowsIn('orders')).toEqual([
      [7, 'seven'],
      [8, null],
    ]);
    expect((await run()).run.status).toBe('deferred');
    expect(dataflow.jobs).toHaveLength(4);
  });

  it('goes on when it is asked to go on, and begins nothing then', async () => {
    const idle = await run(true);
    expect([idle.run.status, idle.skipped]).toEqual([
      'succeeded',
      ['no run was deferred, so there is nothing to go on with'],
    ]);
    expect([dataflow.jobs, await warehouse.ledger.runs({ limit: 5 })]).toEqual([[], []]);
    await run();
    for (const table of ['orders', 'items']) await finish(table, [{ id: 1, name: 'one' }]);
    expect((await run(true)).run).toMatchObject({ status: 'succeeded', rowsLoaded: 2 });
    await run(true);
    expect(dataflow.jobs).toHaveLength(2);
  });

  it('never takes a job that goes on for long for one that is done', async () => {
    await run();
    for (const job of dataflow.jobs) job.state = 'JOB_STATE_RUNNING';
    clock += 3 * 24 * 3_600_000;
    const late = await run();
    expect([late.run.status, late.run.rowsLoaded, late.run.slicesDone]).toEqual(['deferred', 0, 0]);
    expect(dataflow.jobs).toHaveLength(2);
  });

  it('fails the slice of a job that failed, with its words, and launches another one next time', async () => {
    await run();
    const orders = jobOf('orders');
    orders.state = 'JOB_STATE_FAILED';
    orders.error = `FATAL: password authentication failed for user "reader" (${password})`;
    jobOf('items').state = 'JOB_STATE_CANCELLED';
    const broken = await run();
    expect(broken.run.status).toBe('failed');
    expect(broken.failures.map(({ error }) => error)).toEqual([
      `[shop/main] the Dataflow job ${orders.name} of slice orders/-/snapshot ended JOB_STATE_FAILED: FATAL: password ` +
        'authentication failed for user "***" (***); nothing of it was loaded; the next run launches another one',
      `[shop/main] the Dataflow job ${jobOf('items').name} of slice items/-/snapshot ended JOB_STATE_CANCELLED; nothing ` +
        'of it was loaded; the next run launches another one',
    ]);
    expect((await run()).run.status).toBe('deferred');
    expect(dataflow.jobs).toHaveLength(4);
    expect(new Set(dataflow.jobs.map(({ name }) => name)).size).toBe(4);
    await finish('orders', [{ id: 1, name: 'a' }]);
    await run();
    expect(await rowsIn('orders')).toEqual([[1, 'a']]);
  });

  it('loads nothing when the job counted other rows than are there', async () => {
    await run();
    await finish('orders', [{ id: 1, name: 'a' }], 2);
    await finish('items', [{ id: 1, name: 'pen' }]);
    const { run: record, failures } = await run();
    expect([record.status, record.rowsLoaded]).toEqual(['partial', 1]);
    expect(failures[0]?.error).toContain('wrote 2 rows, and 1 are in its table');
    expect(await rowsIn('orders')).toEqual([]);
  });

  it('launches no second job when the answer of the first launch is lost', async () => {
    dataflow.loseAnswer = true;
    expect((await run()).run.status).toBe('deferred');
    expect(dataflow.jobs).toHaveLength(2);
    expect((await run()).run.status).toBe('deferred');
    expect(dataflow.jobs).toHaveLength(2);
  });
});

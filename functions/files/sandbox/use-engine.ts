import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach } from 'vitest';
import { type DataflowStandIn, startDataflow } from '../../core/engines/dataflow/stand-in.ts';
import type { PipelineTable } from '../../core/pipeline.ts';
import type { RunSummary } from '../../core/run/request.ts';
import { runPipeline } from '../../core/run/run.ts';
import type { Column } from '../../core/schema.ts';
import { callId, runJob } from '../../core/warehouses/bigquery/jobs.ts';
import { createRest } from '../../core/warehouses/bigquery/rest.ts';
import { type Emulator, startEmulator } from '../../core/warehouses/bigquery/sandbox/server.ts';
import { settle } from '../../core/warehouses/bigquery/settings.ts';
import { openBigquery } from '../../core/warehouses/bigquery/warehouse.ts';
import type { Warehouse } from '../../core/warehouses/warehouse.ts';
import * as code from '../extract.ts';
import type { FileOptions } from '../source.ts';
import { source } from '../source.ts';
import type { Bucket } from './bucket.ts';
import { createBucket } from './bucket.ts';
import { startGcsServer } from './gcs-server.ts';
import type { UploadBucket } from './gcs-upload.ts';
import { createUploadBucket } from './gcs-upload.ts';
import type { StoreServer } from './store-server.ts';

const place = { project: 'acme', location: 'EU' };
const region = 'europe-west1';

const columns: readonly Column[] = [
  { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
  { name: 'price', type: 'NUMERIC', mode: 'NULLABLE' },
  { name: 'text', type: 'STRING', mode: 'NULLABLE' },
];

/** A bucket of files, a staging bucket, Dataflow and BigQuery, all on loopback, with a pipeline that reads the one into the other. */
export interface EngineUnderTest {
  /** Moments, in milliseconds; a run ends ten minutes later than it began. */
  clock: number;
  readonly bucket: Bucket;
  /** Where objects for jobs are put. */
  readonly staging: UploadBucket;
  readonly dataflow: DataflowStandIn;
  readonly warehouse: Warehouse;
  /** One call of the scheduler. */
  run(how?: Omit<FileOptions, 'path'>): Promise<RunSummary>;
  /** Puts rows into a table, as a worker of a job does. */
  write(table: string, rows: readonly object[]): Promise<void>;
  /** All rows of the table that the pipeline writes. */
  rows(): Promise<readonly (readonly unknown[])[]>;
}

export function useEngine(): EngineUnderTest {
  let clock: number;
  let bucket: Bucket;
  let staging: UploadBucket;
  let dataflow: DataflowStandIn;
  let emulator: Emulator;
  let google: StoreServer;
  let warehouse: Warehouse;

  const options = () => ({
    ...place,
    dataset: 'd',
    bigqueryUrl: emulator.url,
    metadataUrl: emulator.url,
    sleep: async () => {},
    now: () => new Date(clock),
  });

  beforeEach(async () => {
    clock = Date.UTC(2026, 10, 12, 6);
    bucket = createBucket(() => new Date(clock));
    staging = createUploadBucket('acme-staging');
    const readObject = (url: string) => staging.objects.get(url);
    dataflow = await startDataflow({ project: 'acme', region, readObject });
    emulator = await startEmulator({ ...place, datasets: ['d'] });
    const token = () => `token-${emulator.token}`;
    google = await startGcsServer({ bucket, name: 'drop', token, more: staging.handle });
    warehouse = openBigquery(options());
  });

  afterEach(async () => {
    await warehouse.close();
    for (const server of [google, emulator, dataflow]) await server.close();
  });

  /** One call of the scheduler; the clock goes on by the ten minutes after which it comes again. */
  async function run(how: Omit<FileOptions, 'path'> = {}): Promise<RunSummary> {
    const table: PipelineTable = {
      ...{ declared: 't', name: 't', schema: 'files/t', key: [], options: { path: '**', ...how } },
      writeMode: 'replaceWindow',
      cursor: { kind: 'objects' },
    };
    const settings = source.settings.parse({ root: 'gs://drop/in' });
    const summary = await runPipeline({
      pipeline: {
        name: 'drops',
        source: 'files',
        warehouse: { name: 'main', kind: 'bigquery', ...place },
        dataset: 'd',
        tables: [table],
        groups: [{ name: 'g', timeZone: 'UTC', sandbox: false, settings }],
        schedule: { cron: '0 6 * * *', timeZone: 'UTC', paused: false },
        runsOn: 'job',
        engine: 'dataflow',
      },
      group: 'g',
      source,
      code: code as never,
      schemas: { 'files/t': columns },
      warehouse,
      secret: {},
      trigger: 'test',
      dataflow: {
        project: 'acme',
        region,
        bucket: 'acme-staging',
        serviceAccount: 'etl-drops@acme.iam.gserviceaccount.com',
        passwords: {},
      },
      standIns: {
        'dataflow.googleapis.com': dataflow.url,
        'bigquery.googleapis.com': emulator.url,
        'storage.googleapis.com': google.url,
        'metadata.google.internal': emulator.url,
      },
      now: () => new Date(clock),
      sleep: async () => {},
    });
    clock += 10 * 60_000;
    return summary;
  }

  async function write(table: string, rows: readonly object[]): Promise<void> {
    if (rows.length === 0) return;
    const settings = settle(options());
    await runJob(
      { settings, rest: createRest(settings), meter: { billed: 0 } },
      {
        what: 'writing as a worker',
        id: callId('load'),
        configuration: {
          load: {
            destinationTable: { projectId: 'acme', datasetId: 'd', tableId: table.split('.').at(-1) },
            sourceFormat: 'NEWLINE_DELIMITED_JSON',
            writeDisposition: 'WRITE_APPEND',
            createDisposition: 'CREATE_NEVER',
          },
        },
        upload: gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
      },
    );
  }

  const rows = async () =>
    (await warehouse.query('SELECT id, price, text, _origin, _extra FROM t ORDER BY id')).rows;

  return {
    get clock() {
      return clock;
    },
    set clock(value) {
      clock = value;
    },
    get bucket() {
      return bucket;
    },
    get staging() {
      return staging;
    },
    get dataflow() {
      return dataflow;
    },
    get warehouse() {
      return warehouse;
    },
    run,
    write,
    rows,
  };
}

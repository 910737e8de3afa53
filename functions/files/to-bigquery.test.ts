import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { unavailable } from '../../tests/setup/unavailable.ts';
import type { PipelineTable } from '../core/pipeline.ts';
import type { RunSummary } from '../core/run/request.ts';
import { runPipeline } from '../core/run/run.ts';
import type { Column } from '../core/schema.ts';
import type { Emulator } from '../core/warehouses/bigquery/sandbox/server.ts';
import { startEmulator } from '../core/warehouses/bigquery/sandbox/server.ts';
import { openBigquery } from '../core/warehouses/bigquery/warehouse.ts';
import type { Warehouse } from '../core/warehouses/warehouse.ts';
import * as code from './extract.ts';
import { account, startAzurite } from './sandbox/azurite.ts';
import type { Bucket } from './sandbox/bucket.ts';
import { createBucket } from './sandbox/bucket.ts';
import { startGcsServer } from './sandbox/gcs-server.ts';
import { s3Keys } from './sandbox/places.ts';
import { startS3Server } from './sandbox/s3-server.ts';
import type { StoreServer } from './sandbox/store-server.ts';
import type { TransferService } from './sandbox/transfer-server.ts';
import { createTransferService } from './sandbox/transfer-server.ts';
import type { FileOptions } from './source.ts';
import { source } from './source.ts';

const columns: readonly Column[] = [
  { name: 'id', type: 'INTEGER', mode: 'NULLABLE' },
  { name: 'text', type: 'STRING', mode: 'NULLABLE' },
];

const place = { project: 'acme', location: 'EU' };
const large = `id,text\n${Array.from({ length: 100 }, (_, id) => `${id},t${id}\n`).join('')}`;
const small = 'id,text\n1000,small\n';

let emulator: Emulator;
let google: StoreServer;
let warehouse: Warehouse;
/** Where the files come from, and the bucket that BigQuery reads. */
let [from, landing]: Bucket[] = [];
let service: TransferService;
let clock: Date;

beforeEach(async () => {
  // Azurite refuses a signature by a clock that is far off.
  clock = new Date();
  emulator = await startEmulator({ ...place, datasets: ['d'] });
  from = createBucket(() => clock);
  landing = seenByBigquery(createBucket(() => clock));
  service = createTransferService(from, landing);
  const token = () => `token-${emulator.token}`;
  google = await startGcsServer({ bucket: landing, name: 'landing', token, more: service.handle });
  warehouse = openBigquery({
    ...place,
    dataset: 'd',
    bigqueryUrl: emulator.url,
    metadataUrl: emulator.url,
    storageUrl: google.url,
    sleep: async () => {},
  });
});

afterEach(async () => {
  await warehouse.close();
  await google.close();
  await emulator.close();
});

/** What is in the bucket is what BigQuery loads. */
function seenByBigquery(bucket: Bucket): Bucket {
  return {
    ...bucket,
    put(key, bytes, more) {
      const object = bucket.put(key, bytes, more);
      emulator.objects.set(`gs://landing/${key}`, object.bytes);
      return object;
    },
    remove(key) {
      bucket.remove(key);
      emulator.objects.delete(`gs://landing/${key}`);
    },
  };
}

interface Where {
  readonly settings: object;
  readonly secret?: object;
  readonly standIns?: Readonly<Record<string, string>>;
}

/** One call of the scheduler, ten minutes after the last one. */
async function run(
  options: FileOptions,
  { settings, secret = {}, standIns = {} }: Where,
): Promise<RunSummary> {
  const table: PipelineTable = {
    ...{ declared: 't', name: 't', schema: 'files/t', key: [], options },
    writeMode: 'replaceWindow',
    cursor: { kind: 'objects' },
  };
  const summary = await runPipeline({
    pipeline: {
      name: 'p',
      source: 'files',
      warehouse: { name: 'main', kind: 'bigquery', ...place },
      dataset: 'd',
      tables: [table],
      groups: [{ name: 'g', timeZone: 'UTC', sandbox: false, settings: source.settings.parse(settings) }],
      schedule: { cron: '0 6 * * *', timeZone: 'UTC', paused: false },
      runsOn: 'job',
    },
    group: 'g',
    source,
    code: code as never,
    schemas: { 'files/t': columns },
    warehouse,
    secret,
    trigger: 'test',
    standIns: {
      'storage.googleapis.com': google.url,
      'storagetransfer.googleapis.com': google.url,
      'metadata.google.internal': google.url,
      ...standIns,
    },
    now: () => clock,
    sleep: async () => {},
  });
  clock = new Date(clock.getTime() + 600_000);
  return summary;
}

const rows = async () =>
  (await warehouse.query('SELECT id, text FROM t ORDER BY id')).rows.map((row) => row.join(' '));

const uploads = () => emulator.requests.filter(({ path }) => path.startsWith('/upload/'));

describe('files of a bucket of Google', () => {
  const at = { settings: { root: 'gs://landing/in' } };

  it('are loaded by BigQuery itself, once, and followed when they change or go', async () => {
    landing?.put('in/a.csv', 'text,id\n"one\nline",1\n');
    landing?.put('in/b.csv.gz', gzipSync('id,text\n2,two\n'));
    landing?.put('in/c.ndjson', '{"id":3,"text":"three"}\n');
    const first = await run({ path: '*' }, at);
    expect([first.run.status, first.run.rowsLoaded, first.failures]).toEqual(['succeeded', 3, []]);
    expect(await rows()).toEqual(['1 one\nline', '2 two', '3 three']);
    const loads = emulator.jobs.all().flatMap(({ configuration }) => configuration.load?.sourceUris ?? []);
    expect(loads.sort()).toEqual(['a.csv', 'b.csv.gz', 'c.ndjson'].map((name) => `gs://landing/in/${name}`));
    expect(uploads()).toEqual([]);
    const again = await run({ path: '*' }, at);
    expect([again.run.status, again.run.slicesPlanned]).toEqual(['succeeded', 0]);
    landing?.put('in/a.csv', 'id,text\n1,uno\n4,four\n');
    landing?.remove('in/b.csv.gz');
    const changed = await run({ path: '*', onDelete: 'remove' }, at);
    expect(changed.tables[0]).toMatchObject({ slices: 2, inserted: 2, deleted: 2 });
    expect(await rows()).toEqual(['1 uno', '3 three', '4 four']);
  }, 60_000);

  it('that are damaged fail alone; what breaks the schema is kept apart', async () => {
    landing?.put('in/a.csv', 'id,text\n1,one\nx,two\n');
    landing?.put('in/b.csv', 'id,text\n1,2,3\n');
    const { run: record, failures } = await run({ path: '*.csv' }, at);
    expect([record.status, record.rowsLoaded, record.rowsQuarantined]).toEqual(['partial', 1, 1]);
    expect(failures.map(({ error }) => error)).toEqual([expect.stringContaining('gs://landing/in/b.csv')]);
    expect(await rows()).toEqual(['1 one']);
  }, 60_000);

  it('that BigQuery cannot load go through the job, and need no other settings', async () => {
    landing?.put('in/a.json', '{"meta":{},"data":[{"id":1,"text":"one"},{"id":2,"text":"two","more":[1]}]}');
    const first = await run({ path: '*.json', records: 'data' }, at);
    expect([first.run.status, first.failures]).toEqual(['succeeded', []]);
    expect(await rows()).toEqual(['1 one', '2 two']);
    expect(first.drift.map(({ field }) => field)).toEqual(['more']);
    const loads = emulator.jobs.all().flatMap(({ configuration }) => configuration.load?.sourceUris ?? []);
    expect([loads, uploads().length > 0]).toEqual([[], true]);
  }, 60_000);
});

/** The files that every other store holds: a large one, and a small one. */
async function carriesLargeFiles(where: Where, served: () => number): Promise<void> {
  const first = await run({ path: '*.csv' }, where);
  // What is small goes through the job at once, and does not wait for what is large.
  expect([first.run.status, first.run.rowsLoaded]).toEqual(['deferred', 1]);
  expect(await rows()).toEqual(['1000 small']);
  const read = served();
  const between = await run({ path: '*.csv' }, where);
  expect([between.run.status, between.run.rowsLoaded]).toEqual(['deferred', 0]);
  await run({ path: '*.csv' }, where);
  const last = await run({ path: '*.csv' }, where);
  expect([last.run.status, last.run.rowsLoaded, last.failures]).toEqual(['succeeded', 100, []]);
  expect(await rows()).toHaveLength(101);
  expect([service.jobs.size, service.operations.length, served() - read]).toEqual([1, 1, 0]);
  const loads = emulator.jobs.all().flatMap(({ configuration }) => configuration.load?.sourceUris ?? []);
  expect(loads).toEqual([expect.stringMatching(/^gs:\/\/landing\/copies\/[\da-f]{32}\/large\.csv$/)]);
  expect((await run({ path: '*.csv' }, where)).run.slicesPlanned).toBe(0);
}

const transfer = { project: 'acme', bucket: 'gs://landing/copies', above: 500 };

it('large files of S3 go to BigQuery by Storage Transfer Service, and no byte of them through the run', async () => {
  from?.put('in/large.csv', large);
  from?.put('in/small.csv', small);
  if (from === undefined) return;
  const region = 'eu-west-1';
  const s3 = await startS3Server({ bucket: from, name: 'exports', region, keys: s3Keys, now: () => clock });
  onTestFinished(() => s3.close());
  const settings = { root: 's3://exports/in', region, transfer };
  const standIns = { 'exports.s3.eu-west-1.amazonaws.com': s3.url };
  await carriesLargeFiles({ settings, secret: { s3: s3Keys }, standIns }, () => s3.bytesServed);
  const [job] = service.jobs.values();
  expect(job?.transferSpec.awsS3DataSource).toMatchObject({ bucketName: 'exports', path: 'in/' });
}, 60_000);

const noAzurite = unavailable('azurite');

it.skipIf(noAzurite !== undefined)(
  'large files of Azure go the same way, by a shared access signature',
  async () => {
    const azurite = await startAzurite();
    onTestFinished(() => azurite.close());
    await azurite.createContainer('exports');
    for (const [key, content] of [
      ['in/large.csv', large],
      ['in/small.csv', small],
    ] as const) {
      from?.put(key, content);
      await azurite.put('exports', key, Buffer.from(content));
    }
    const sasToken = azurite.sign('exports', 'rl', 24 * 3600);
    const settings = { root: `azure://${account}/exports/in`, transfer };
    // By the name of the host Azurite knows the account, as Azure does.
    const standIns = { [`${account}.blob.core.windows.net`]: new URL(azurite.endpoint).origin };
    await carriesLargeFiles(
      { settings, secret: { azure: { sasToken } }, standIns },
      () => azurite.bytesServed,
    );
    const [job] = service.jobs.values();
    expect(job?.transferSpec.azureBlobStorageDataSource).toMatchObject({
      ...{ storageAccount: account, container: 'exports', path: 'in/' },
      azureCredentials: { sasToken },
    });
  },
  120_000,
);

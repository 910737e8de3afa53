import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DataflowStandIn, type Launched, startDataflow } from '../core/engines/dataflow/stand-in.ts';
import type { PipelineTable } from '../core/pipeline.ts';
import type { RunSummary } from '../core/run/request.ts';
import { runPipeline } from '../core/run/run.ts';
import type { Column } from '../core/schema.ts';
import { callId, runJob } from '../core/warehouses/bigquery/jobs.ts';
import { createRest } from '../core/warehouses/bigquery/rest.ts';
import { type Emulator, startEmulator } from '../core/warehouses/bigquery/sandbox/server.ts';
import { settle } from '../core/warehouses/bigquery/settings.ts';
import { openBigquery } from '../core/warehouses/bigquery/warehouse.ts';
import type { Warehouse } from '../core/warehouses/warehouse.ts';
import * as code from './extract.ts';
import type { Bucket } from './sandbox/bucket.ts';
import { createBucket } from './sandbox/bucket.ts';
import { startGcsServer } from './sandbox/gcs-server.ts';
import type { UploadBucket } from './sandbox/gcs-upload.ts';
import { createUploadBucket } from './sandbox/gcs-upload.ts';
import type { StoreServer } from './sandbox/store-server.ts';
import type { FileOptions } from './source.ts';
import { source } from './source.ts';

const place = { project: 'acme', location: 'EU' };
const region = 'europe-west1';

const columns: readonly Column[] = [
  { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
  { name: 'price', type: 'NUMERIC', mode: 'NULLABLE' },
  { name: 'text', type: 'STRING', mode: 'NULLABLE' },
];

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

/** What the template does: a line of as many cells as the schema has is a row of texts, any other one is bad. */
async function finish(job: Launched, lines: readonly (readonly string[])[], told = 0): Promise<void> {
  const {
    schemaJSONPath = '',
    outputTable = '',
    badRecordsOutputTable = '',
    delimiter = '',
  } = job.parameters;
  const schema = JSON.parse(staging.objects.get(schemaJSONPath) ?? '') as {
    readonly 'BigQuery Schema': unknown[];
  };
  const width = schema['BigQuery Schema'].length;
  const isRow = (cells: readonly string[]) => cells.join(delimiter).split(delimiter).length === width;
  const good = lines.filter(isRow);
  const bad = lines.filter((cells) => !isRow(cells));
  await write(
    outputTable,
    good.map((cells) => Object.fromEntries(cells.map((cell, index) => [`c${index}`, cell]))),
  );
  await write(
    badRecordsOutputTable,
    bad.map((cells) => ({ RawContent: cells.join(delimiter), ErrorMsg: 'Number of fields' })),
  );
  Object.assign(job, { state: 'JOB_STATE_DONE', written: good.length + told, bad: bad.length });
}

/** What the text template does: it gives each line to the function that it was launched with. */
async function finishLines(job: Launched, lines: readonly string[], told = 0): Promise<void> {
  const { javascriptTextTransformGcsPath: file = '', javascriptTextTransformFunctionName: name = '' } =
    job.parameters;
  const context = createContext({});
  runInContext(staging.objects.get(file) ?? '', context);
  const toRow = context[name] as (line: string) => string;
  await write(
    job.parameters.outputTable ?? '',
    lines.map((line) => JSON.parse(toRow(line)) as object),
  );
  Object.assign(job, { state: 'JOB_STATE_DONE', written: lines.length + told });
}

const rows = async () =>
  (await warehouse.query('SELECT id, price, text, _origin, _extra FROM t ORDER BY id')).rows;

it('gives each file of a bucket to a job of the CSV template, with all parameters out of the declaration', async () => {
  bucket.put('in/a.csv.gz', gzipSync('id;price;text;more\n'));
  const { run: record } = await run({ delimiter: ';', encoding: 'latin-1' });
  expect([record.status, record.resumeAt]).toEqual(['deferred', new Date(Date.UTC(2026, 10, 12, 6, 3))]);
  const [job] = dataflow.jobs;
  const hash = job?.name.slice('etl-drops-'.length);
  expect(job?.parameters).toEqual({
    inputFilePattern: 'gs://drop/in/a.csv.gz',
    schemaJSONPath: `gs://acme-staging/dataflow/etl-drops-${hash}/schema.json`,
    outputTable: `acme:d.catchment_dataflow_${hash}`,
    badRecordsOutputTable: `acme:d.catchment_dataflow_${hash}_bad`,
    bigQueryLoadingTemporaryDirectory: `gs://acme-staging/dataflow/etl-drops-${hash}/bigquery`,
    delimiter: ';',
    csvFormat: 'Default',
    containsHeaders: 'true',
    csvFileEncoding: 'ISO-8859-1',
  });
  expect(JSON.parse(staging.objects.get(job?.parameters.schemaJSONPath ?? '') ?? '')).toEqual({
    'BigQuery Schema': [0, 1, 2, 3].map((index) => ({ name: `c${index}`, type: 'STRING' })),
  });
  expect(job?.environment).toMatchObject({ serviceAccountEmail: 'etl-drops@acme.iam.gserviceaccount.com' });
  // Nobody waits, however long it takes, and nothing is called done before it is.
  clock += 3 * 24 * 3_600_000;
  expect((await run({ delimiter: ';', encoding: 'latin-1' })).run).toMatchObject({
    status: 'deferred',
    rowsLoaded: 0,
  });
  expect(dataflow.jobs).toHaveLength(1);
}, 60_000);

it('commits what a job wrote by the columns of the schema file, and keeps apart what breaks it', async () => {
  bucket.put('in/a.csv', 'text,id,price,more\n');
  await run({ nullMarker: '\\N' });
  const [job] = dataflow.jobs;
  if (job === undefined) expect.fail('nothing was launched');
  await finish(job, [
    ['one', '1', '1.50', ''],
    ['', '2', '\\N', 'new'],
    ['a, b', '3', '1', ''],
    ['four', 'x', '1', ''],
  ]);
  const { run: record, tables, drift, failures } = await run({ nullMarker: '\\N' });
  expect(failures).toEqual([]);
  expect(record).toMatchObject({ status: 'succeeded', rowsRead: 4, rowsLoaded: 2, rowsQuarantined: 2 });
  expect(tables[0]).toMatchObject({ inserted: 2 });
  expect(await rows()).toEqual([
    [1, '1.5', 'one', 'a.csv', null],
    [2, null, null, 'a.csv', '{"more":"new"}'],
  ]);
  const kept = await warehouse.query('SELECT path, reason FROM catchment_quarantine ORDER BY path');
  expect(kept.rows).toEqual([
    ['', 'has another number of cells than the file has columns'],
    ['id', 'is not a whole number of 64 bits'],
  ]);
  expect(drift.map(({ field }) => field)).toEqual(['more']);
  // Until the file changes nothing is launched.
  expect((await run({ nullMarker: '\\N' })).run).toMatchObject({ status: 'succeeded', slicesPlanned: 0 });
  bucket.put('in/a.csv', 'text,id,price\n');
  await run();
  expect(dataflow.jobs).toHaveLength(2);
  await finish(dataflow.jobs[1] as Launched, [['uno', '1', '1']]);
  expect((await run()).tables[0]).toMatchObject({ inserted: 1, deleted: 2 });
  expect(await rows()).toEqual([[1, '1', 'uno', 'a.csv', null]]);
}, 60_000);

it('gives a file of JSON Lines to a job of the text template, with a function that keeps each line as it is', async () => {
  bucket.put('in/a.jsonl.gz', gzipSync('{"id":1}\n'));
  expect((await run()).run.status).toBe('deferred');
  const [job] = dataflow.jobs;
  const hash = job?.name.slice('etl-drops-'.length);
  const folder = `gs://acme-staging/dataflow/etl-drops-${hash}`;
  expect(job?.parameters).toEqual({
    inputFilePattern: 'gs://drop/in/a.jsonl.gz',
    JSONPath: `${folder}/schema.json`,
    javascriptTextTransformGcsPath: `${folder}/line.js`,
    javascriptTextTransformFunctionName: 'toRow',
    outputTable: `acme:d.catchment_dataflow_${hash}`,
    bigQueryLoadingTemporaryDirectory: `${folder}/bigquery`,
  });
  expect(JSON.parse(staging.objects.get(`${folder}/schema.json`) ?? '')).toEqual({
    'BigQuery Schema': [{ name: 'line', type: 'STRING' }],
  });
  // Until it is done nothing is loaded.
  expect((await run()).run).toMatchObject({ status: 'deferred', rowsLoaded: 0 });
  expect(dataflow.jobs).toHaveLength(1);
}, 60_000);

it('takes the lines of a job apart by the schema file, and keeps apart what breaks it', async () => {
  bucket.put('in/a.jsonl', '{}\n');
  await run();
  await finishLines(dataflow.jobs[0] as Launched, [
    '{"id":9223372036854775807,"price":1.50,"text":"a \\"b\\" ü"}',
    '',
    '{"id":2,"text":"","more":{"n":1.5}}',
    '{"id":"x"}',
    '{"id":3',
  ]);
  const { run: record, failures, drift } = await run();
  expect(failures).toEqual([]);
  expect(record).toMatchObject({ status: 'succeeded', rowsRead: 4, rowsLoaded: 2, rowsQuarantined: 2 });
  expect(await rows()).toEqual([
    [2, null, '', 'a.jsonl', '{"more":{"n":1.5}}'],
    ['9223372036854775807', '1.5', 'a "b" ü', 'a.jsonl', null],
  ]);
  const kept = await warehouse.query('SELECT reason FROM catchment_quarantine ORDER BY reason');
  expect(kept.rows).toEqual([['is not JSON'], ['is not a whole number of 64 bits']]);
  expect(drift.map(({ field }) => field)).toEqual(['more']);
  expect((await run()).run).toMatchObject({ status: 'succeeded', slicesPlanned: 0 });
}, 60_000);

it('loads no lines when a job failed, counted others than are there, or found none that fits', async () => {
  bucket.put('in/a.jsonl', '{}\n');
  await run();
  Object.assign(dataflow.jobs[0] as Launched, { state: 'JOB_STATE_FAILED', error: 'no machine was free' });
  expect((await run()).failures[0]?.error).toContain('ended JOB_STATE_FAILED: no machine was free');
  await run();
  await finishLines(dataflow.jobs[1] as Launched, ['{"id":1}'], 1);
  expect((await run()).failures[0]?.error).toContain('wrote 2 lines, and 1 are in its table');
  await run();
  await finishLines(dataflow.jobs[2] as Launched, ['{"id":"one"}']);
  expect((await run()).failures[0]?.error).toContain('breaks schemas/files/t.json: id is not a whole number');
  expect([await rows(), new Set(dataflow.jobs.map(({ name }) => name)).size]).toEqual([[], 3]);
}, 60_000);

it('loads nothing when a job failed, counted other rows than are there, or found no row that fits', async () => {
  bucket.put('in/a.csv', 'id\n');
  await run();
  Object.assign(dataflow.jobs[0] as Launched, { state: 'JOB_STATE_FAILED', error: 'no machine was free' });
  expect((await run()).failures[0]?.error).toContain('ended JOB_STATE_FAILED: no machine was free');
  await run();
  await finish(dataflow.jobs[1] as Launched, [['1']], 1);
  expect((await run()).failures[0]?.error).toContain('wrote 2 rows, and 1 are in its table');
  await run();
  await finish(dataflow.jobs[2] as Launched, [['one']]);
  expect((await run()).failures[0]?.error).toContain('breaks schemas/files/t.json: id is not a whole number');
  expect([await rows(), new Set(dataflow.jobs.map(({ name }) => name)).size]).toEqual([[], 3]);
}, 60_000);

it('refuses files that no engine can read before anything is launched, and says what to do', async () => {
  bucket.put('in/a.parquet', 'PAR1');
  bucket.put('in/b.csv', 'price,text\n');
  bucket.put('in/c.csv.zst', 'x');
  const { failures } = await run();
  expect(failures.map(({ error }) => error)).toEqual([
    expect.stringContaining('engine dataflow cannot read parquet: got "gs://drop/in/a.parquet"'),
    expect.stringContaining('gs://drop/in/b.csv lacks the column "id", which is REQUIRED'),
    expect.stringContaining('engine dataflow cannot read a file whose name does not tell how it is packed'),
  ]);
  expect(dataflow.jobs).toEqual([]);
}, 60_000);

it('refuses JSON that is no lines, other packings, and names that a template takes for a pattern', async () => {
  bucket.put('in/a.json', '[]');
  bucket.put('in/b.jsonl.zst', 'x');
  bucket.put('in/c[1].jsonl', '{}\n');
  expect((await run()).failures.map(({ error }) => error)).toEqual([
    expect.stringContaining(
      'engine dataflow cannot read json: got "gs://drop/in/a.json"; allowed: CSV with double quotes, or JSON Lines, in gs://, packed by gzip or not at all; leave the engine out of the pipeline: BigQuery loads other files itself, or they go through the job',
    ),
    expect.stringContaining('engine dataflow cannot read a file whose name does not tell how it is packed'),
    expect.stringContaining('engine dataflow cannot read a file whose name reads like a pattern'),
  ]);
  expect(dataflow.jobs).toEqual([]);
}, 60_000);

it('refuses an empty file of lines, whose rows would be removed', async () => {
  bucket.put('in/a.jsonl', '');
  expect((await run()).failures[0]?.error).toContain('the file is empty');
  expect(dataflow.jobs).toEqual([]);
}, 60_000);

it('launches one job when the answer to a launch is lost', async () => {
  bucket.put('in/a.csv', 'id\n');
  dataflow.loseAnswer = true;
  expect((await run()).run.status).toBe('deferred');
  expect([dataflow.jobs.length, staging.objects.size]).toEqual([1, 1]);
}, 60_000);

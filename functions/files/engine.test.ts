import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Launched } from '../core/engines/dataflow/stand-in.ts';
import { useEngine } from './sandbox/use-engine.ts';

const engine = useEngine();

/** What the template does: a line of as many cells as the schema has is a row of texts, any other one is bad. */
async function finish(job: Launched, lines: readonly (readonly string[])[], told = 0): Promise<void> {
  const {
    schemaJSONPath = '',
    outputTable = '',
    badRecordsOutputTable = '',
    delimiter = '',
  } = job.parameters;
  const schema = JSON.parse(engine.staging.objects.get(schemaJSONPath) ?? '') as {
    readonly 'BigQuery Schema': unknown[];
  };
  const width = schema['BigQuery Schema'].length;
  const isRow = (cells: readonly string[]) => cells.join(delimiter).split(delimiter).length === width;
  const good = lines.filter(isRow);
  const bad = lines.filter((cells) => !isRow(cells));
  await engine.write(
    outputTable,
    good.map((cells) => Object.fromEntries(cells.map((cell, index) => [`c${index}`, cell]))),
  );
  await engine.write(
    badRecordsOutputTable,
    bad.map((cells) => ({ RawContent: cells.join(delimiter), ErrorMsg: 'Number of fields' })),
  );
  Object.assign(job, { state: 'JOB_STATE_DONE', written: good.length + told, bad: bad.length });
}

it('gives each file of a bucket to a job of the CSV template, with all parameters out of the declaration', async () => {
  engine.bucket.put('in/a.csv.gz', gzipSync('id;price;text;more\n'));
  const { run: record } = await engine.run({ delimiter: ';', encoding: 'latin-1' });
  expect([record.status, record.resumeAt]).toEqual(['deferred', new Date(Date.UTC(2026, 10, 12, 6, 3))]);
  const [job] = engine.dataflow.jobs;
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
  expect(JSON.parse(engine.staging.objects.get(job?.parameters.schemaJSONPath ?? '') ?? '')).toEqual({
    'BigQuery Schema': [0, 1, 2, 3].map((index) => ({ name: `c${index}`, type: 'STRING' })),
  });
  expect(job?.environment).toMatchObject({ serviceAccountEmail: 'etl-drops@acme.iam.gserviceaccount.com' });
  // Nobody waits, however long it takes, and nothing is called done before it is.
  engine.clock += 3 * 24 * 3_600_000;
  expect((await engine.run({ delimiter: ';', encoding: 'latin-1' })).run).toMatchObject({
    status: 'deferred',
    rowsLoaded: 0,
  });
  expect(engine.dataflow.jobs).toHaveLength(1);
}, 60_000);

it('commits what a job wrote by the columns of the schema file, and keeps apart what breaks it', async () => {
  engine.bucket.put('in/a.csv', 'text,id,price,more\n');
  await engine.run({ nullMarker: '\\N' });
  const [job] = engine.dataflow.jobs;
  if (job === undefined) expect.fail('nothing was launched');
  await finish(job, [
    ['one', '1', '1.50', ''],
    ['', '2', '\\N', 'new'],
    ['a, b', '3', '1', ''],
    ['four', 'x', '1', ''],
  ]);
  const { run: record, tables, drift, failures } = await engine.run({ nullMarker: '\\N' });
  expect(failures).toEqual([]);
  expect(record).toMatchObject({ status: 'succeeded', rowsRead: 4, rowsLoaded: 2, rowsQuarantined: 2 });
  expect(tables[0]).toMatchObject({ inserted: 2 });
  expect(await engine.rows()).toEqual([
    [1, '1.5', 'one', 'a.csv', null],
    [2, null, null, 'a.csv', '{"more":"new"}'],
  ]);
  const kept = await engine.warehouse.query('SELECT path, reason FROM catchment_quarantine ORDER BY path');
  expect(kept.rows).toEqual([
    ['', 'has another number of cells than the file has columns'],
    ['id', 'is not a whole number of 64 bits'],
  ]);
  expect(drift.map(({ field }) => field)).toEqual(['more']);
  // Until the file changes nothing is launched.
  expect((await engine.run({ nullMarker: '\\N' })).run).toMatchObject({
    status: 'succeeded',
    slicesPlanned: 0,
  });
  engine.bucket.put('in/a.csv', 'text,id,price\n');
  await engine.run();
  expect(engine.dataflow.jobs).toHaveLength(2);
  await finish(engine.dataflow.jobs[1] as Launched, [['uno', '1', '1']]);
  expect((await engine.run()).tables[0]).toMatchObject({ inserted: 1, deleted: 2 });
  expect(await engine.rows()).toEqual([[1, '1', 'uno', 'a.csv', null]]);
}, 60_000);

it('loads nothing when a job failed, counted other rows than are there, or found no row that fits', async () => {
  engine.bucket.put('in/a.csv', 'id\n');
  await engine.run();
  Object.assign(engine.dataflow.jobs[0] as Launched, {
    state: 'JOB_STATE_FAILED',
    error: 'no machine was free',
  });
  expect((await engine.run()).failures[0]?.error).toContain('ended JOB_STATE_FAILED: no machine was free');
  await engine.run();
  await finish(engine.dataflow.jobs[1] as Launched, [['1']], 1);
  expect((await engine.run()).failures[0]?.error).toContain('wrote 2 rows, and 1 are in its table');
  await engine.run();
  await finish(engine.dataflow.jobs[2] as Launched, [['one']]);
  expect((await engine.run()).failures[0]?.error).toContain(
    'breaks schemas/files/t.json: id is not a whole number',
  );
  expect([await engine.rows(), new Set(engine.dataflow.jobs.map(({ name }) => name)).size]).toEqual([[], 3]);
}, 60_000);

it('refuses files that no engine can read before anything is launched, and says what to do', async () => {
  engine.bucket.put('in/a.parquet', 'PAR1');
  engine.bucket.put('in/b.csv', 'price,text\n');
  engine.bucket.put('in/c.csv.zst', 'x');
  const { failures } = await engine.run();
  expect(failures.map(({ error }) => error)).toEqual([
    expect.stringContaining('engine dataflow cannot read parquet: got "gs://drop/in/a.parquet"'),
    expect.stringContaining('gs://drop/in/b.csv lacks the column "id", which is REQUIRED'),
    expect.stringContaining('engine dataflow cannot read a file whose name does not tell how it is packed'),
  ]);
  expect(engine.dataflow.jobs).toEqual([]);
}, 60_000);

it('launches one job when the answer to a launch is lost', async () => {
  engine.bucket.put('in/a.csv', 'id\n');
  engine.dataflow.loseAnswer = true;
  expect((await engine.run()).run.status).toBe('deferred');
  expect([engine.dataflow.jobs.length, engine.staging.objects.size]).toEqual([1, 1]);
}, 60_000);

import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Launched } from '../core/engines/dataflow/stand-in.ts';
import { useEngine } from './sandbox/use-engine.ts';

const engine = useEngine();

/** What the text template does: it gives each line to the function that it was launched with. */
async function finishLines(job: Launched, lines: readonly string[], told = 0): Promise<void> {
  const { javascriptTextTransformGcsPath: file = '', javascriptTextTransformFunctionName: name = '' } =
    job.parameters;
  const context = createContext({});
  runInContext(engine.staging.objects.get(file) ?? '', context);
  const toRow = context[name] as (line: string) => string;
  await engine.write(
    job.parameters.outputTable ?? '',
    lines.map((line) => JSON.parse(toRow(line)) as object),
  );
  Object.assign(job, { state: 'JOB_STATE_DONE', written: lines.length + told });
}

it('gives a file of JSON Lines to a job of the text template, with a function that keeps each line as it is', async () => {
  engine.bucket.put('in/a.jsonl.gz', gzipSync('{"id":1}\n'));
  expect((await engine.run()).run.status).toBe('deferred');
  const [job] = engine.dataflow.jobs;
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
  expect(JSON.parse(engine.staging.objects.get(`${folder}/schema.json`) ?? '')).toEqual({
    'BigQuery Schema': [{ name: 'line', type: 'STRING' }],
  });
  // Until it is done nothing is loaded.
  expect((await engine.run()).run).toMatchObject({ status: 'deferred', rowsLoaded: 0 });
  expect(engine.dataflow.jobs).toHaveLength(1);
}, 60_000);

it('takes the lines of a job apart by the schema file, and keeps apart what breaks it', async () => {
  engine.bucket.put('in/a.jsonl', '{}\n');
  await engine.run();
  await finishLines(engine.dataflow.jobs[0] as Launched, [
    '{"id":9223372036854775807,"price":1.50,"text":"a \\"b\\" ü"}',
    '',
    '{"id":2,"text":"","more":{"n":1.5}}',
    '{"id":"x"}',
    '{"id":3',
  ]);
  const { run: record, failures, drift } = await engine.run();
  expect(failures).toEqual([]);
  expect(record).toMatchObject({ status: 'succeeded', rowsRead: 4, rowsLoaded: 2, rowsQuarantined: 2 });
  expect(await engine.rows()).toEqual([
    [2, null, '', 'a.jsonl', '{"more":{"n":1.5}}'],
    ['9223372036854775807', '1.5', 'a "b" ü', 'a.jsonl', null],
  ]);
  const kept = await engine.warehouse.query('SELECT reason FROM catchment_quarantine ORDER BY reason');
  expect(kept.rows).toEqual([['is not JSON'], ['is not a whole number of 64 bits']]);
  expect(drift.map(({ field }) => field)).toEqual(['more']);
  expect((await engine.run()).run).toMatchObject({ status: 'succeeded', slicesPlanned: 0 });
}, 60_000);

it('loads no lines when a job failed, counted others than are there, or found none that fits', async () => {
  engine.bucket.put('in/a.jsonl', '{}\n');
  await engine.run();
  Object.assign(engine.dataflow.jobs[0] as Launched, {
    state: 'JOB_STATE_FAILED',
    error: 'no machine was free',
  });
  expect((await engine.run()).failures[0]?.error).toContain('ended JOB_STATE_FAILED: no machine was free');
  await engine.run();
  await finishLines(engine.dataflow.jobs[1] as Launched, ['{"id":1}'], 1);
  expect((await engine.run()).failures[0]?.error).toContain('wrote 2 lines, and 1 are in its table');
  await engine.run();
  await finishLines(engine.dataflow.jobs[2] as Launched, ['{"id":"one"}']);
  expect((await engine.run()).failures[0]?.error).toContain(
    'breaks schemas/files/t.json: id is not a whole number',
  );
  expect([await engine.rows(), new Set(engine.dataflow.jobs.map(({ name }) => name)).size]).toEqual([[], 3]);
}, 60_000);

it('refuses JSON that is no lines, other packings, and names that a template takes for a pattern', async () => {
  engine.bucket.put('in/a.json', '[]');
  engine.bucket.put('in/b.jsonl.zst', 'x');
  engine.bucket.put('in/c[1].jsonl', '{}\n');
  expect((await engine.run()).failures.map(({ error }) => error)).toEqual([
    expect.stringContaining(
      'engine dataflow cannot read json: got "gs://drop/in/a.json"; allowed: CSV with double quotes, or JSON Lines, in gs://, packed by gzip or not at all; leave the engine out of the pipeline: BigQuery loads other files itself, or they go through the job',
    ),
    expect.stringContaining('engine dataflow cannot read a file whose name does not tell how it is packed'),
    expect.stringContaining('engine dataflow cannot read a file whose name reads like a pattern'),
  ]);
  expect(engine.dataflow.jobs).toEqual([]);
}, 60_000);

it('refuses an empty file of lines, whose rows would be removed', async () => {
  engine.bucket.put('in/a.jsonl', '');
  expect((await engine.run()).failures[0]?.error).toContain('the file is empty');
  expect(engine.dataflow.jobs).toEqual([]);
}, 60_000);

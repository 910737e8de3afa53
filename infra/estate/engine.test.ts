import { expect, test } from 'vitest';
import { source as database } from '../../functions/database/source.ts';
import { source as files } from '../../functions/files/source.ts';
import { parseStackFile } from '../estate.ts';
import { fixtureProject } from '../testing/estate-fixture.ts';
import { good, mistakesOf, stackFile } from '../testing/estate-mistakes.ts';

const project = fixtureProject();

test('tasks and their number at once stand on the pipeline', async () => {
  const text = stackFile(`ads: { runsOn: job, tasks: 8, parallelism: 4, ${good} }`);
  const { pipelines } = await parseStackFile(text, project);
  expect(pipelines[0]).toMatchObject({ tasks: 8, parallelism: 4 });
});

test('tasks are refused where they cannot share the work', async () => {
  const function_ = stackFile(`ads: { tasks: 2, parallelism: 3, ${good} }`);
  expect(await mistakesOf(function_, project)).toEqual([
    'line 8: pipelines.ads.tasks is for jobs only: got 2; set "runsOn: job"',
    'line 8: pipelines.ads.parallelism is more than there are tasks: got 3; allowed: 1 to 2',
  ]);
  const embedded = stackFile(`ads: { runsOn: job, tasks: 2, ${good} }`, '{ kind: duckdb, path: x }');
  expect(await mistakesOf(embedded, project)).toEqual([
    'line 8: pipelines.ads.tasks needs a warehouse that several processes write to: got 2; allowed: bigquery, clickhouse, postgres, sqlite',
  ]);
  expect(await mistakesOf(stackFile(`ads: { runsOn: job, tasks: 0, ${good} }`), project)).toEqual([
    'line 8: pipelines.ads.tasks is wrong: got 0; allowed: a whole number from 1 to 100',
  ]);
});

test('Dataflow is refused for a source it has no template for, for other warehouses, and for tables read piece by piece', async () => {
  const text = stackFile(
    `ads: { engine: dataflow, ${good} }`,
    '{ kind: postgres, host: db.internal, database: d, secret: s }',
  );
  expect(await mistakesOf(text, project)).toEqual([
    'line 8: pipelines.ads.engine cannot read Ads: no template of Dataflow does what functions/ads does: got "dataflow"; leave the engine out',
    'line 8: pipelines.ads.engine cannot write to postgres: got "dataflow"; allowed: a bigquery warehouse; leave the engine out, or name another warehouse',
    'line 8: pipelines.ads.tables.report is read a piece at a time, and a Dataflow job reads it whole: got "window"; leave its watermark out, or give it to a pipeline without an engine',
  ]);
  expect(await mistakesOf(stackFile(`ads: { engine: beam, ${good} }`), project)).toEqual([
    'line 8: pipelines.ads.engine is unknown: got "beam"; allowed: dataflow',
  ]);
});

test('Dataflow is refused for what its templates cannot read, before anything is deployed', async () => {
  const real = {
    ...fixtureProject({
      'files/t': [{ name: 'a', type: 'STRING' }],
      'database/t': [{ name: 'a', type: 'STRING' }],
    }),
    sourceNames: ['database', 'files'],
    loadSource: async (name: string) => (name === 'files' ? files : database),
  };
  const todo = '; leave the engine out, or give it to a pipeline without one';
  const pipeline = (source: string, group: string, table: string) =>
    stackFile(
      `pipe: { source: ${source}, engine: dataflow, groups: { g: ${group} }, tables: { t: ${table} } }`,
    );
  const bucket = '{ root: "gs://b/in" }';
  const formats = 'CSV (.csv, .tsv) and JSON Lines (.jsonl, .ndjson), plain or packed by gzip (.gz)';
  for (const [group, table, mistake] of [
    [
      '{ root: "s3://b/in" }',
      '{ path: "*.csv" }',
      'groups.g.root cannot be read by engine dataflow: got "s3://b/in"; allowed: gs://bucket/prefix',
    ],
    [
      bucket,
      '{ path: "*.parquet" }',
      `tables.t.path cannot be read by engine dataflow: got "*.parquet"; allowed: ${formats}`,
    ],
    [
      bucket,
      '{ path: "a.jsonl.zst" }',
      `tables.t.path cannot be read by engine dataflow: got "a.jsonl.zst"; allowed: ${formats}`,
    ],
    [
      bucket,
      '{ path: "*", format: json }',
      'tables.t.format cannot be read by engine dataflow: got "json"; allowed: csv, ndjson',
    ],
    [
      bucket,
      `{ path: "*", format: csv, quote: "'" }`,
      `tables.t.quote cannot be read by engine dataflow: got "'"; allowed: "`,
    ],
  ] as const)
    expect(await mistakesOf(pipeline('files', group, table), real)).toEqual([
      `line 8: pipelines.pipe.${mistake}${todo}`,
    ]);
  const bigquery = pipeline('database', '{ kind: bigquery, project: p, location: EU }', '{ from: d.t }');
  expect(await mistakesOf(bigquery, real)).toEqual([
    `line 8: pipelines.pipe.groups.g.kind cannot be read by engine dataflow: got "bigquery"; allowed: postgres, mysql${todo}`,
  ]);
  const { pipelines } = await parseStackFile(pipeline('files', bucket, '{ path: "**" }'), real);
  expect(pipelines[0]).toMatchObject({ engine: 'dataflow' });
});

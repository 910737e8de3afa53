import { expect, test } from 'vitest';
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

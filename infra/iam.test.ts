import { expect, test } from 'vitest';
import type { AnySource } from '../functions/core/source.ts';
import { type Estate, parseStackFile } from './estate.ts';
import { bindingsOf, memberOf, secretsOfAll } from './iam.ts';
import { fixtureProject } from './testing/estate-fixture.ts';
import { stackFile } from './testing/estate-mistakes.ts';

const context = { project: 'acme-test', stagingBucket: 'acme-test-test-catchment' };

function estate(pipelines: string): Promise<Estate> {
  return parseStackFile(stackFile(pipelines), fixtureProject());
}

test('a function on BigQuery may do five things, each because of a line of the stack file', async () => {
  const { pipelines } = await estate(`ads:
  dataset: EMPOWER
  groups:
    a: { secret: one, accountIds: ["1"] }
    b: { secret: two, accountIds: ["2"] }
    c: { secret: one, accountIds: ["3"] }`);
  const bindings = pipelines.flatMap((pipeline) => bindingsOf(pipeline, context));
  expect(bindings).toEqual([
    {
      id: 'ads--secret--one',
      member: 'pipeline',
      role: 'roles/secretmanager.secretAccessor',
      on: { kind: 'secret', name: 'one', project: 'acme-test' },
      because: 'groups.a.secret = one, groups.c.secret = one',
    },
    {
      id: 'ads--secret--two',
      member: 'pipeline',
      role: 'roles/secretmanager.secretAccessor',
      on: { kind: 'secret', name: 'two', project: 'acme-test' },
      because: 'groups.b.secret = two',
    },
    {
      id: 'ads--dataset',
      member: 'pipeline',
      role: 'roles/bigquery.dataEditor',
      on: { kind: 'dataset', name: 'EMPOWER', project: 'acme-test' },
      because: 'dataset = EMPOWER',
    },
    {
      id: 'ads--queries',
      member: 'pipeline',
      role: 'roles/bigquery.jobUser',
      on: { kind: 'project', name: 'acme-test', project: 'acme-test' },
      because: 'warehouse = main',
    },
    {
      id: 'ads--start',
      member: 'scheduler',
      role: 'roles/run.invoker',
      on: { kind: 'function', name: 'etl-ads', project: 'acme-test' },
      because: 'schedule = 0 6 * * *',
    },
  ]);
});

test('a job reads its code from the staging bucket and is started with arguments', async () => {
  const { pipelines } = await estate('shelf: { groups: { main: }, tables: { books: { path: x } } }');
  const bindings = pipelines.flatMap((pipeline) => bindingsOf(pipeline, context));
  expect(bindings.filter(({ on }) => on.kind === 'bucket' || on.kind === 'job')).toEqual([
    {
      id: 'shelf--code',
      member: 'pipeline',
      role: 'roles/storage.objectViewer',
      on: { kind: 'bucket', name: 'acme-test-test-catchment', project: 'acme-test' },
      because: 'runsOn = job',
    },
    {
      id: 'shelf--start',
      member: 'scheduler',
      role: 'roles/run.jobsExecutorWithOverrides',
      on: { kind: 'job', name: 'etl-shelf', project: 'acme-test' },
      because: 'schedule = 30 7 * * 1',
    },
  ]);
});

test('the one role on a whole project reads no data', async () => {
  const { pipelines } = await estate(`ads: { groups: { a: { secret: one, accountIds: ["1"] } } }
shelf: { groups: { main: }, tables: { books: { path: x } } }`);
  const onProject = pipelines
    .flatMap((pipeline) => bindingsOf(pipeline, context))
    .filter(({ on }) => on.kind === 'project');
  expect([...new Set(onProject.map(({ role }) => role))]).toEqual(['roles/bigquery.jobUser']);
});

test('the account that starts a pipeline is not the one it runs as', async () => {
  const { pipelines } = await estate('ads: { groups: { a: { secret: one, accountIds: ["1"] } } }');
  const members = pipelines.flatMap((pipeline) =>
    bindingsOf(pipeline, context).map((binding) => memberOf(binding, pipeline, 'acme-test')),
  );
  expect([...new Set(members)]).toEqual([
    'serviceAccount:etl-ads@acme-test.iam.gserviceaccount.com',
    'serviceAccount:cron-ads@acme-test.iam.gserviceaccount.com',
  ]);
});

test('a secret that two pipelines read is one secret', async () => {
  const { pipelines } = await estate(`ads: { groups: { a: { secret: one, accountIds: ["1"] } } }
ads-b: { source: ads, groups: { b: { secret: one, accountIds: ["1"] }, c: { secret: another, accountIds: ["2"] } } }`);
  expect([...secretsOfAll(pipelines)]).toEqual([
    ['another', ['ads-b']],
    ['one', ['ads', 'ads-b']],
  ]);
});

test('a pipeline on a server reads the password of its warehouse, and nothing of BigQuery', async () => {
  const text = stackFile(
    'ads: { groups: { a: { secret: one, accountIds: ["1"] } } }',
    '{ kind: clickhouse, url: "https://ch.internal:8443", secret: clickhouse-esim }',
  );
  const { pipelines } = await parseStackFile(text, fixtureProject());
  const bindings = pipelines.flatMap((pipeline) => bindingsOf(pipeline, context));
  expect(bindings.map(({ id, role, because }) => [id, role, because])).toEqual([
    ['ads--secret--one', 'roles/secretmanager.secretAccessor', 'groups.a.secret = one'],
    [
      'ads--secret--clickhouse-esim',
      'roles/secretmanager.secretAccessor',
      'warehouse main.secret = clickhouse-esim',
    ],
    ['ads--start', 'roles/run.invoker', 'schedule = 0 6 * * *'],
  ]);
  expect([...secretsOfAll(pipelines).keys()]).toEqual(['clickhouse-esim', 'one']);
});

test('what the source is read with is granted too, and what the warehouse asks for already only once', async () => {
  const { pipelines } = await estate(`ads:
  groups:
    a: { secret: one, accountIds: ["1"] }`);
  const [pipeline] = pipelines;
  if (pipeline === undefined) throw new Error('there is no pipeline');
  const [group] = pipeline.groups;
  if (group === undefined) throw new Error('there is no group');
  const reading = { ...pipeline, groups: [{ ...group, settings: { project: 'acme-test' } }] };
  const source = {
    grants: [
      { role: 'roles/datastore.viewer', on: 'project', setting: 'project' },
      { role: 'roles/bigquery.jobUser', on: 'project', setting: 'project' },
    ],
  } as unknown as AnySource;
  const added = (given: typeof context & { readonly source?: AnySource }) =>
    bindingsOf(reading, given).map(({ role }) => role);
  const roles = added({ ...context, source });
  expect(roles.filter((role) => role === 'roles/bigquery.jobUser')).toHaveLength(1);
  expect(roles.filter((role) => !added(context).includes(role))).toEqual(['roles/datastore.viewer']);
});

import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { servicesOf } from './components/enabled-services.ts';
import { codeNameOf } from './components/source-code.ts';
import { datasetIdOf } from './datasets.ts';
import { stackOf } from './estate.ts';
import { bindingsOf, memberOf, secretsOf, secretsOfAll } from './iam.ts';
import { accountEmail, handlerName, stagingBucketName } from './names.ts';
import { readStackConfig } from './plan/stack-config.ts';
import { type ProgramRun, runProgram } from './testing/engine.ts';
import { readEstates, stackFilesOf } from './testing/estates.ts';
import { handlerOf } from './testing/handler-of.ts';

const root = join(import.meta.dirname, '..');
const { cloud, twins } = await readEstates(root);

test('dev and prod are among the stacks that are run here', () => {
  expect(cloud.map(({ stack }) => stack)).toEqual(expect.arrayContaining(['dev', 'prod']));
  expect([...cloud, ...twins].map(({ stack }) => stack).sort()).toEqual(
    stackFilesOf(root).map(stackOf).sort(),
  );
});

describe.each(cloud.map((estate) => [estate.stack, estate] as const))('the stack %s', (stack, estate) => {
  let run: ProgramRun;
  beforeAll(async () => {
    run = await runProgram({ root, stack: readStackConfig(root, stack) });
  }, 60_000);

  const all = (type: RegExp) => run.graph.resources.filter((resource) => type.test(resource.type));

  test('runs to its end under the runner of the Pulumi CLI', () => {
    expect({ exitCode: run.exitCode, errors: run.errors }).toEqual({ exitCode: 0, errors: [] });
  });

  test('makes one resource for each thing in the stack file', () => {
    const { pipelines } = estate;
    const groups = pipelines.flatMap((pipeline) => pipeline.groups);
    const onBigquery = pipelines.filter(({ warehouse }) => warehouse.kind === 'bigquery');
    const functions = pipelines.filter(({ runsOn }) => runsOn === 'function');
    const code = new Set(
      pipelines.map(({ source, runsOn, warehouse }) => `${source} ${runsOn} ${warehouse.kind}`),
    );
    const counts = {
      'gcp:bigquery/dataset:Dataset': new Set(onBigquery.map(({ dataset }) => dataset)).size,
      'gcp:bigquery/table:Table': onBigquery.reduce((sum, { tables }) => sum + tables.length, 0),
      'gcp:secretmanager/secret:Secret': secretsOfAll(pipelines).size,
      'gcp:serviceaccount/account:Account': 2 * pipelines.length,
      'gcp:cloudfunctionsv2/function:Function': functions.length,
      'gcp:cloudrunv2/job:Job': pipelines.length - functions.length,
      'gcp:cloudscheduler/job:Job': groups.length,
      'gcp:monitoring/alertPolicy:AlertPolicy': pipelines.length,
      'gcp:monitoring/notificationChannel:NotificationChannel': estate.alertEmails.length,
      'gcp:storage/bucket:Bucket': 2,
      'gcp:storage/bucketObject:BucketObject': code.size,
      'gcp:projects/service:Service': servicesOf(pipelines).length,
    };
    const isGrant = /iam/i;
    const made = Object.groupBy(
      run.graph.resources.filter(({ custom, type }) => custom && !isGrant.test(type)),
      ({ type }) => type,
    );
    const madeCounts = Object.fromEntries(Object.entries(made).map(([type, list]) => [type, list?.length]));
    expect(madeCounts).toEqual(Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)));
  });

  test('grants what its declarations ask for, and nothing else', () => {
    const project = estate.gcp?.project ?? '';
    const stagingBucket = stagingBucketName(project, stack);
    const wanted = estate.pipelines.flatMap((pipeline) =>
      bindingsOf(pipeline, { project, stagingBucket, source: estate.sources[pipeline.source] }).map(
        (binding) => ({
          id: binding.id,
          role: binding.role,
          member: memberOf(binding, pipeline, project),
          on: binding.on.name,
        }),
      ),
    );
    const granted = all(/iam/i).map(({ name, inputs }) => ({
      id: name,
      role: inputs.role,
      member: inputs.member,
      on: inputs.secretId ?? inputs.datasetId ?? inputs.bucket ?? inputs.name ?? inputs.project,
    }));
    const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1);
    expect(granted.sort(byId)).toEqual(wanted.sort(byId));
  });

  test('shows nothing to the public', () => {
    expect(JSON.stringify(run.graph)).not.toMatch(/allUsers|allAuthenticatedUsers/);
    expect(all(/Dataset$/).filter(({ inputs }) => inputs.accesses !== undefined)).toEqual([]);
  });

  test('hangs every resource below a component', () => {
    const byUrn = new Map(run.graph.resources.map((resource) => [resource.urn, resource]));
    const parents = run.graph.resources
      .filter(({ custom }) => custom)
      .map(({ parent }) => byUrn.get(parent ?? '')?.type ?? 'none');
    expect(parents.filter((type) => !type.startsWith('catchment:gcp:'))).toEqual([]);
  });

  test('protects datasets, tables and secrets, and BigQuery refuses to delete the tables', () => {
    const kept = all(/:(?:Dataset|Table|Secret)$/);
    expect(kept.filter(({ protect }) => protect !== estate.protect)).toEqual([]);
    const tables = all(/:Table$/).map(({ inputs }) => inputs.deletionProtection);
    expect(tables).toEqual(tables.map(() => estate.protect));
  });

  test('ends every table with the system columns and leaves the keys of the kit out', () => {
    for (const { inputs } of all(/:Table$/)) {
      const columns: { name: string; mode: string }[] = JSON.parse(String(inputs.schema));
      expect(columns.slice(-2).map(({ name, mode }) => [name, mode])).toEqual([
        ['_origin', 'NULLABLE'],
        ['_extra', 'NULLABLE'],
      ]);
      const keys = new Set(columns.flatMap((column) => Object.keys(column)));
      expect(
        [...keys].filter((key) => !['name', 'type', 'mode', 'description', 'fields'].includes(key)),
      ).toEqual([]);
    }
  });

  test('puts the hash of the code into the names of its objects', () => {
    const hashes = run.graph.outputs.code as Record<string, string>;
    for (const { inputs } of all(/BucketObject$/))
      expect(inputs.name).toMatch(
        new RegExp(
          `^(?:functions/(.+)-(${Object.values(hashes).join('|')})\\.zip|jobs/.+-[0-9a-f]{16}/main\\.mjs)$`,
        ),
      );
    expect(Object.keys(hashes)).toEqual([...new Set(estate.pipelines.map(codeNameOf))].sort());
  });

  test('keeps functions inside the project, one request at a time, as their own accounts', () => {
    for (const { inputs } of all(/:Function$/)) {
      expect(inputs.serviceConfig).toMatchObject({
        ingressSettings: 'ALLOW_INTERNAL_ONLY',
        maxInstanceRequestConcurrency: 1,
        timeoutSeconds: 1800,
        availableMemory: '512Mi',
        serviceAccountEmail: accountEmail(String(inputs.name), estate.gcp?.project ?? ''),
      });
    }
  });

  test('hands secrets over as references, and the pipeline as the stack file has it', () => {
    for (const pipeline of estate.pipelines) {
      const handler = run.graph.resources.find(
        ({ inputs, type }) => inputs.name === handlerName(pipeline.name) && /:(?:Function|Job)$/.test(type),
      );
      expect(handlerOf(handler)).toEqual({
        pipeline: JSON.parse(JSON.stringify(pipeline)),
        secrets: [...secretsOf(pipeline).keys()].map((secret) => ({
          secret,
          mountPath: `/secrets/${secret}`,
        })),
      });
    }
  });

  test('starts every group on time, as an account that may do nothing else', () => {
    const schedules = all(/cloudscheduler/).map(({ inputs }) => ({
      name: inputs.name,
      schedule: inputs.schedule,
      timeZone: inputs.timeZone,
      paused: inputs.paused,
      retries: (inputs.retryConfig as Record<string, unknown>).retryCount,
    }));
    const wanted = estate.pipelines.flatMap(({ name, groups, schedule }) =>
      groups.map((group) => ({
        name: `etl-${name}--${group.name}`,
        schedule: schedule.cron,
        timeZone: schedule.timeZone,
        paused: schedule.paused,
        retries: 3,
      })),
    );
    expect(schedules).toEqual(wanted);
  });

  test('closes and logs its buckets', () => {
    const buckets = all(/:Bucket$/).map(({ inputs }) => inputs);
    for (const inputs of buckets)
      expect(inputs).toMatchObject({
        uniformBucketLevelAccess: true,
        publicAccessPrevention: 'enforced',
        versioning: { enabled: true },
      });
    const [logs, staging] = [...buckets].sort((a, b) => String(b.name).length - String(a.name).length);
    expect(staging?.logging).toEqual({ logBucket: logs?.name });
  });

  test('labels whatever takes labels with owner, stage and cost centre', () => {
    const labelled = run.graph.resources.filter(({ inputs }) => inputs.labels !== undefined);
    for (const { inputs, type } of labelled) {
      const labels = type.endsWith('NotificationChannel') ? inputs.userLabels : inputs.labels;
      expect(labels).toMatchObject({ ...estate.labels, stage: stack, 'managed-by': 'catchment' });
    }
  });

  test('puts the names of secrets into the outputs as a secret', () => {
    expect(run.graph.outputs).toMatchObject({
      secrets: '[secret]',
      datasets: [...new Set(estate.pipelines.flatMap((pipeline) => datasetIdOf(pipeline) ?? []))],
      jobs: estate.pipelines.filter(({ runsOn }) => runsOn === 'job').map(({ name }) => name),
    });
  });
});

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listSources } from './estate/sources.ts';
import { accountEmail, schedulerAccountName } from './names.ts';
import { readStackConfig, type StackConfig } from './plan/stack-config.ts';
import { type ProgramRun, runProgram } from './testing/engine.ts';
import { readEstates } from './testing/estates.ts';

const root = join(import.meta.dirname, '..');
const { twins } = await readEstates(root);

test('a deployment gives each schedule the address of its function as URL and audience', async () => {
  const run = await runProgram({
    root,
    stack: readStackConfig(root, 'prod'),
    isPreview: false,
    outputsOf: (type, name) =>
      type.endsWith(':Function')
        ? { url: 'https://other.example', serviceConfig: { uri: `https://${name}.a.run.app` } }
        : {},
  });
  expect([run.exitCode, run.errors]).toEqual([0, []]);
  const project = 'acme-marketing-prod';
  const target = (name: string) =>
    run.graph.resources.find(({ type, inputs }) => /cloudscheduler/.test(type) && inputs.name === name)
      ?.inputs;
  const ofFunction = target('etl-tiktok-marketing--empower');
  expect(ofFunction?.attemptDeadline).toBe('1800s');
  expect(ofFunction?.httpTarget).toMatchObject({
    uri: 'https://tiktok-marketing.a.run.app/extract',
    body: base64({ group: 'empower' }),
    oidcToken: {
      audience: 'https://tiktok-marketing.a.run.app',
      serviceAccountEmail: accountEmail(schedulerAccountName('tiktok-marketing'), project),
    },
  });
  const ofJob = target('etl-tiktok-archive--legacy');
  expect(ofJob?.httpTarget).toMatchObject({
    uri: `https://run.googleapis.com/v2/projects/${project}/locations/europe-west1/jobs/etl-tiktok-archive:run`,
    body: base64({ overrides: { containerOverrides: [{ args: ['--group', 'legacy'] }] } }),
    oauthToken: {
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      serviceAccountEmail: accountEmail(schedulerAccountName('tiktok-archive'), project),
    },
  });
  expect(run.graph.outputs.functions).toEqual({
    'tiktok-marketing': 'https://tiktok-marketing.a.run.app',
    'tiktok-product': 'https://tiktok-product.a.run.app',
  });
});

test('a change of nothing plans nothing', async () => {
  const stack = readStackConfig(root, 'dev');
  const [first, second] = [await runProgram({ root, stack }), await runProgram({ root, stack })];
  const sorted = ({ graph }: ProgramRun) => [...graph.resources].sort((a, b) => (a.urn < b.urn ? -1 : 1));
  expect(sorted(first).length).toBeGreaterThan(30);
  expect(sorted(second)).toEqual(sorted(first));
});

test('a stack file with mistakes ends the program with all of them and no stack trace', async () => {
  const run = await runProgram({ root, stack: withEstate(readStackConfig(root, 'dev'), brokenEstate) });
  expect(run.exitCode).toBe(32);
  expect(run.errors).toEqual([
    `[stacks/Pulumi.dev.yaml] has 3 mistakes
  pipelines.tiktok.source is unknown: got "tiktok-marketin"; allowed: ${listSources(root).join(', ')}; did you mean "tiktok-marketing"?
  pipelines.tiktok.warehouse is unknown: got "mian"; allowed: main; did you mean "main"?
  pipelines.tiktok.schedule.cron is not a cron expression: got "daily"; allowed: five fields: minute hour day month weekday, e.g. "0 6 * * *"`,
  ]);
  expect(run.graph.resources.filter(({ custom }) => custom)).toEqual([]);
});

test.each(twins.map(({ stack }) => stack))('the stack %s is a twin and says so', async (stack) => {
  const run = await runProgram({ root, stack: readStackConfig(root, stack) });
  expect([run.exitCode, run.errors]).toEqual([
    32,
    [
      `[stacks/Pulumi.${stack}.yaml] has no cloud warehouse, so there is nothing to deploy; run it with \`npm start\`, or deploy another stack`,
    ],
  ]);
});

const brokenEstate = {
  warehouses: { main: { kind: 'bigquery', location: 'EU' } },
  pipelines: {
    tiktok: { source: 'tiktok-marketin', warehouse: 'mian', schedule: { cron: 'daily' }, groups: {} },
  },
};

function withEstate(stack: StackConfig, estate: unknown): StackConfig {
  return { ...stack, config: { ...stack.config, 'catchment:estate': JSON.stringify(estate) } };
}

function base64(body: unknown): string {
  return Buffer.from(JSON.stringify(body)).toString('base64');
}

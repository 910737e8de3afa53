import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readStackConfig, type StackConfig } from './plan/stack-config.ts';
import { runProgram } from './testing/engine.ts';

const root = join(import.meta.dirname, '..');

function withEstate(stack: StackConfig, estate: unknown): StackConfig {
  return { ...stack, config: { ...stack.config, 'catchment:estate': JSON.stringify(estate) } };
}

test('a pipeline on a server reaches it through its network, and has no dataset or table', async () => {
  const run = await runProgram({ root, stack: readStackConfig(root, 'prod') });
  const { resources } = run.graph;
  expect(resources.filter(({ inputs }) => inputs.datasetId === 'tiktok')).toEqual([]);
  const handler = resources.find(
    ({ type, inputs }) => type.endsWith(':Function') && inputs.name === 'etl-tiktok-product',
  );
  expect(handler?.inputs.serviceConfig).toMatchObject({
    directVpcEgress: 'VPC_EGRESS_PRIVATE_RANGES_ONLY',
    directVpcNetworkInterfaces: [{ network: 'data', subnetwork: 'data-eu' }],
  });
  const secret = resources.find(({ inputs }) => inputs.secretId === 'clickhouse-product');
  expect(secret?.inputs.annotations).toEqual({
    rotation: "static: the warehouse's administrator sets the password",
  });
});

test('a job with tasks in a network says so, and the services it needs are on', async () => {
  const estate = {
    warehouses: {
      main: { kind: 'postgres', host: '10.0.0.5', database: 'marts', secret: 'pg-marts' },
    },
    network: { network: 'data', subnetwork: 'data-eu' },
    pipelines: {
      tiktok: {
        source: 'tiktok-marketing',
        runsOn: 'job',
        tasks: 8,
        parallelism: 4,
        groups: { a: { secret: 'tiktok-a', advertiserIds: ['7000000000000000001'] } },
      },
    },
  };
  const run = await runProgram({ root, stack: withEstate(readStackConfig(root, 'dev'), estate) });
  expect([run.exitCode, run.errors]).toEqual([0, []]);
  const job = run.graph.resources.find(({ type }) => type === 'gcp:cloudrunv2/job:Job');
  expect(job?.inputs.template).toMatchObject({
    taskCount: 8,
    parallelism: 4,
    template: {
      vpcAccess: {
        egress: 'PRIVATE_RANGES_ONLY',
        networkInterfaces: [{ network: 'data', subnetwork: 'data-eu' }],
      },
    },
  });
  const services = run.graph.resources.filter(({ type }) => type.endsWith('/service:Service'));
  const names = services.map(({ inputs }) => inputs.service);
  expect(names).toContain('compute.googleapis.com');
  expect(names).not.toContain('bigquery.googleapis.com');
  expect(run.graph.resources.filter(({ type }) => /bigquery/.test(type))).toEqual([]);
});

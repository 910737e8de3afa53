import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { readStackConfig, type StackConfig } from './plan/stack-config.ts';
import { required } from './required.ts';
import { runProgram } from './testing/engine.ts';

const root = join(import.meta.dirname, '..');
vi.setConfig({ testTimeout: 120_000 });

interface JobInputs {
  readonly template: {
    readonly template: {
      readonly containers: readonly [
        { readonly envs: readonly { readonly name: string; readonly value: string }[] },
      ];
    };
  };
}

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

test('files that Dataflow reads need no password, and no driver', async () => {
  const estate = {
    warehouses: { main: { kind: 'bigquery', location: 'EU' } },
    pipelines: {
      files: {
        engine: 'dataflow',
        dataset: 'drops',
        groups: { main: { root: 'gs://acme-drop/in' } },
        tables: { stocks: { path: '*.csv', schema: 'files/stocks' } },
      },
    },
  };
  const run = await runProgram({ root, stack: withEstate(readStackConfig(root, 'dev'), estate) });
  expect([run.exitCode, run.errors]).toEqual([0, []]);
  const { resources } = run.graph;
  const roles = resources.flatMap(({ inputs }) =>
    String(inputs.member).startsWith('serviceAccount:etl-files@')
      ? [`${inputs.role} ${inputs.bucket ?? ''}`.trim()]
      : [],
  );
  for (const role of [
    'roles/dataflow.developer',
    'roles/dataflow.worker',
    'roles/storage.objectUser acme-marketing-dev-dev-catchment',
    'roles/storage.objectViewer acme-drop',
  ])
    expect(roles).toContain(role);
  expect(
    resources.filter(
      ({ type, inputs }) => /secretmanager/.test(type) || String(inputs.name).startsWith('jdbc/'),
    ),
  ).toEqual([]);
});

test('BigQuery as a source takes no secret: the account of the pipeline reads it, and is granted no more than that', async () => {
  const estate = {
    warehouses: { main: { kind: 'bigquery', location: 'EU' } },
    pipelines: {
      database: {
        dataset: 'shop',
        groups: { main: { kind: 'bigquery', project: 'acme-sales', location: 'EU' } },
        tables: { stocks: { from: 'acme-sales.shop.stocks', schema: 'files/stocks' } },
      },
    },
  };
  const run = await runProgram({ root, stack: withEstate(readStackConfig(root, 'dev'), estate) });
  expect([run.exitCode, run.errors]).toEqual([0, []]);
  const { resources } = run.graph;
  expect(resources.filter(({ type }) => /secretmanager/.test(type))).toEqual([]);
  const granted = resources.flatMap(({ inputs }) =>
    inputs.project === 'acme-sales' && inputs.member !== undefined ? [inputs.role] : [],
  );
  expect(granted.sort()).toEqual(['roles/bigquery.dataViewer', 'roles/bigquery.jobUser']);
  const job = resources.find(({ type }) => type === 'gcp:cloudrunv2/job:Job');
  expect(JSON.stringify(job?.inputs.template)).not.toContain('secret');
});

test('a pipeline with engine dataflow gets what its jobs need, and a clock that goes on with them', async () => {
  const estate = {
    warehouses: { main: { kind: 'bigquery', location: 'EU' } },
    network: { network: 'data', subnetwork: 'projects/acme-host/regions/europe-west1/subnetworks/data-eu' },
    pipelines: {
      database: {
        engine: 'dataflow',
        dataset: 'shop',
        groups: {
          main: { secret: 'shop-db', kind: 'postgres', host: 'db.internal', database: 'shop' },
        },
        tables: { stocks: { from: 'public.stocks', schema: 'files/stocks' } },
      },
    },
  };
  const run = await runProgram({ root, stack: withEstate(readStackConfig(root, 'dev'), estate) });
  expect([run.exitCode, run.errors]).toEqual([0, []]);
  const { resources } = run.graph;
  const project = 'acme-marketing-dev';
  const account = `etl-database@${project}.iam.gserviceaccount.com`;
  const grants = resources
    .filter(({ name }) => name.startsWith('database--dataflow-'))
    .map(({ inputs }) => [
      inputs.role,
      inputs.member,
      inputs.serviceAccountId ?? inputs.bucket ?? inputs.project,
    ]);
  expect(grants.sort()).toEqual([
    ['roles/dataflow.developer', `serviceAccount:${account}`, project],
    ['roles/dataflow.worker', `serviceAccount:${account}`, project],
    [
      'roles/iam.serviceAccountUser',
      `serviceAccount:${account}`,
      `projects/${project}/serviceAccounts/${account}`,
    ],
    ['roles/storage.objectUser', `serviceAccount:${account}`, `${project}-dev-catchment`],
  ]);
  const names = resources.map(({ inputs }) => inputs.name ?? inputs.service ?? inputs.secretId);
  for (const name of [
    'dataflow.googleapis.com',
    'compute.googleapis.com',
    'shop-db',
    'shop-db-password',
    'jdbc/postgresql.jar',
    'jdbc/mariadb-java-client.jar',
    'etl-database--main',
    'etl-database--main--resume',
  ])
    expect(names).toContain(name);
  const job = resources.find(({ type }) => type === 'gcp:cloudrunv2/job:Job');
  const { envs } = (required(job, 'the job').inputs as unknown as JobInputs).template.template.containers[0];
  expect(JSON.parse(envs.find(({ name }) => name === 'CATCHMENT_DATAFLOW')?.value ?? '')).toEqual({
    project,
    region: 'europe-west1',
    bucket: `${project}-dev-catchment`,
    serviceAccount: account,
    subnetwork: 'regions/europe-west1/subnetworks/data-eu',
    passwords: { main: 'shop-db-password' },
  });
  const resume = resources.find(({ inputs }) => inputs.name === 'etl-database--main--resume');
  expect(resume?.inputs.schedule).toBe('*/10 * * * *');
  const { body } = (
    required(resume, 'the clock').inputs as unknown as { readonly httpTarget: { readonly body: string } }
  ).httpTarget;
  expect(JSON.parse(Buffer.from(body, 'base64').toString())).toEqual({
    overrides: { containerOverrides: [{ args: ['--group', 'main', '--resume', 'true'] }] },
  });
});

test('a job that checks files has the native part of DuckDB beside its script', async () => {
  const estate = {
    warehouses: { main: { kind: 'postgres', host: '10.0.0.5', database: 'marts', secret: 'pg-marts' } },
    pipelines: {
      files: {
        groups: { main: { root: 'gs://acme-drop' } },
        tables: { stocks: { path: 'stocks.csv', key: ['symbol', 'date'] } },
      },
    },
  };
  const run = await runProgram({ root, stack: withEstate(readStackConfig(root, 'dev'), estate) });
  expect([run.exitCode, run.errors]).toEqual([0, []]);
  const { resources } = run.graph;
  const objects = resources
    .filter(({ type }) => type.endsWith(':BucketObject'))
    .map(({ inputs }) => String(inputs.name));
  const native = objects.filter((name) => name.startsWith('native/'));
  expect(native.map((name) => name.replace(/duckdb-[^/]+/, 'duckdb-*')).sort()).toEqual([
    'native/duckdb-*/node_modules/@duckdb/node-bindings-linux-x64/duckdb.node',
    'native/duckdb-*/node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so',
    'native/duckdb-*/node_modules/@duckdb/node-bindings-linux-x64/package.json',
    'native/duckdb-*/node_modules/@duckdb/node-bindings/duckdb.js',
    'native/duckdb-*/node_modules/@duckdb/node-bindings/package.json',
  ]);
  const job = resources.find(({ type }) => type === 'gcp:cloudrunv2/job:Job');
  const [folder] = native[0]?.split('/@duckdb') ?? [];
  expect(job?.inputs.template).toMatchObject({
    template: {
      containers: [
        {
          resources: { limits: { memory: '2Gi' } },
          envs: expect.arrayContaining([{ name: 'NODE_PATH', value: `/bundle/${folder}` }]),
        },
      ],
    },
  });
});

test('an estate that may be deleted protects nothing', async () => {
  const dev = readStackConfig(root, 'dev');
  const estate: Record<string, unknown> = JSON.parse(dev.config['catchment:estate'] ?? '');
  const run = await runProgram({ root, stack: withEstate(dev, { ...estate, protect: false }) });
  expect(run.exitCode).toBe(0);
  expect(run.graph.resources.filter(({ protect }) => protect)).toEqual([]);
  const tables = run.graph.resources.filter(({ type }) => type.endsWith(':Table'));
  expect(tables.map(({ inputs }) => inputs.deletionProtection)).toEqual(tables.map(() => false));
});

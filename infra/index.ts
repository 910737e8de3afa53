import { join } from 'node:path';
import { type Output, RunError, secret } from '@pulumi/pulumi';
import { isCatchmentError } from '../functions/core/errors.ts';
import type { Pipeline } from '../functions/core/pipeline.ts';
import { nativeDuckdb } from './bundle/native-duckdb.ts';
import { AlertChannels } from './components/alert-channels.ts';
import { type Cloud, labelsOf } from './components/cloud.ts';
import { DuckdbLibrary } from './components/duckdb-library.ts';
import { EnabledServices, servicesOf } from './components/enabled-services.ts';
import { GroupSecret } from './components/group-secret.ts';
import { JdbcDrivers } from './components/jdbc-drivers.ts';
import { codeNameOf, SourceCode, stageSources } from './components/source-code.ts';
import { SourcePipeline } from './components/source-pipeline.ts';
import { StagingBucket } from './components/staging-bucket.ts';
import { WarehouseDataset } from './components/warehouse-dataset.ts';
import { type CloudEstate, readConfig, root } from './config.ts';
import { datasetIdOf, datasetsOf } from './datasets.ts';
import { loginOf, secretsOf, secretsOfAll } from './iam.ts';
import { accessLogBucketName, stagingBucketName } from './names.ts';
import { required } from './required.ts';

/** What `pulumi stack output` shows. */
export interface Outputs {
  /** Addresses of the functions, by pipeline. */
  readonly functions: Readonly<Record<string, Output<string>>>;
  readonly jobs: readonly string[];
  /** `project.dataset` */
  readonly datasets: readonly string[];
  /** Names of the secrets that wait for a value. */
  readonly secrets: Output<readonly string[]>;
  /** Content hash of the deployed code, by source, kind of warehouse and of handler: `files/bigquery/job`. */
  readonly code: Readonly<Record<string, string>>;
}

/** The program: what one stack file becomes. */
export default async function program(): Promise<Outputs> {
  try {
    return await deploy(await readConfig());
  } catch (error) {
    // A mistake in the stack file is for the operator; a stack trace of ours would bury it.
    if (isCatchmentError(error)) throw new RunError(error.message);
    throw error;
  }
}

async function deploy(estate: CloudEstate): Promise<Outputs> {
  const { gcp, stack, pipelines } = estate;
  const bundles = await stageSources(root, estate);
  const stagingBucket = stagingBucketName(gcp.project, stack);

  const { services } = new EnabledServices('services', {
    project: gcp.project,
    services: servicesOf(pipelines),
  });
  const cloud: Cloud = {
    ...gcp,
    labels: labelsOf(estate),
    protect: estate.protect,
    dependsOn: [...services],
  };
  const staging = new StagingBucket('staging', {
    cloud,
    bucketName: stagingBucket,
    logBucketName: accessLogBucketName(gcp.project, stack),
  });
  const code = mapOf(
    bundles,
    (name, staged) => new SourceCode(name, { bucket: staging.bucket.name, staged }),
  );
  const jobsCheckFiles = [...bundles.values()].some(
    ({ bundle }) => bundle.runsOn === 'job' && bundle.needsDuckdb,
  );
  const duckdb = jobsCheckFiles
    ? new DuckdbLibrary('duckdb', {
        bucket: staging.bucket.name,
        library: await nativeDuckdb(join(root, 'node_modules')),
      })
    : undefined;
  // Files are read without a password, and without a driver.
  if (
    pipelines.some(
      ({ engine, groups }) => engine === 'dataflow' && groups.some(({ secret }) => secret !== undefined),
    )
  )
    new JdbcDrivers('jdbc', { bucket: staging.bucket.name });
  const datasets = mapOf(
    datasetsOf(root, pipelines),
    (name, dataset) => new WarehouseDataset(name, { cloud, ...dataset }),
  );
  const secrets = mapOf(
    secretsOfAll(pipelines),
    (name) => new GroupSecret(name, { cloud, secretName: name, rotation: rotationOf(name, pipelines) }),
  );
  const { channels } = new AlertChannels('alerts', { cloud, emails: estate.alertEmails });

  const deployed = pipelines.map((pipeline) => {
    const datasetId = datasetIdOf(pipeline);
    const dataset =
      datasetId === undefined ? [] : [required(datasets.get(datasetId), `the dataset of ${pipeline.name}`)];
    const own = [...secretsOf(pipeline).keys()].map((name) =>
      required(secrets.get(name), `the secret ${name}`),
    );
    return new SourcePipeline(pipeline.name, {
      cloud,
      pipeline,
      source: estate.sources[pipeline.source],
      code: required(code.get(codeNameOf(pipeline)), `the code of ${pipeline.source}`),
      duckdb,
      stagingBucket,
      bindTo: [staging, ...dataset, ...own],
      channels,
    });
  });

  return {
    functions: Object.fromEntries(
      deployed.flatMap(({ name, uri }) => (uri === undefined ? [] : [[name, uri]])),
    ),
    jobs: deployed.filter(({ uri }) => uri === undefined).map(({ name }) => name),
    datasets: [...datasets.keys()],
    secrets: secret([...secrets.keys()]),
    code: Object.fromEntries([...code].map(([name, { hash }]) => [name, hash])),
  };
}

/** Why a secret is changed by hand, and by whom. */
function rotationOf(secret: string, pipelines: readonly Pipeline[]): string {
  const isLogin = pipelines.some(({ warehouse }) => loginOf(warehouse) === secret);
  return isLogin
    ? "static: the warehouse's administrator sets the password"
    : "static: the vendor's tokens are issued to people";
}

function mapOf<V, R>(entries: ReadonlyMap<string, V>, make: (name: string, value: V) => R): Map<string, R> {
  return new Map([...entries].map(([name, value]) => [name, make(name, value)]));
}

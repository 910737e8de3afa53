import { Job } from '@pulumi/gcp/cloudrunv2/job.js';
import { ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { secretsOf } from '../iam.ts';
import { handlerName } from '../names.ts';
import type { Cloud } from './cloud.ts';
import { handlerEnvironment, secretFile, secretMount } from './handler-environment.ts';
import { jobLimits, nodeImage } from './limits.ts';

export interface PipelineJobArgs {
  readonly cloud: Cloud;
  readonly pipeline: Pipeline;
  readonly serviceAccount: string;
  /** Where the bundle is: bucket, object in it, and the folder of the native packages it needs. */
  readonly code: {
    readonly bucket: string;
    readonly object: string;
    readonly modules: string | undefined;
  };
}

/** Where the staging bucket is mounted. */
const bundleMount = '/bundle';

/** A pipeline as a job: a stock Node image and the bundle, read-only from the staging bucket. No image is built. */
export class PipelineJob extends ComponentResource {
  readonly job: Job;

  constructor(name: string, args: PipelineJobArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:PipelineJob', name, {}, options);
    const { cloud, pipeline, serviceAccount, code } = args;
    const { project, region } = cloud;
    const labels = { ...cloud.labels, source: pipeline.source, pipeline: pipeline.name };
    const secrets = [...secretsOf(pipeline).keys()].map((secret, index) => ({
      secret,
      volume: `secret-${index}`,
    }));
    const environment = {
      ...handlerEnvironment(pipeline, jobLimits.timeoutSeconds, { ...cloud, stagingBucket: code.bucket }),
      ...(code.modules === undefined ? {} : { NODE_PATH: `${bundleMount}/${code.modules}` }),
    };
    // DuckDB is told to stay below 512 MB, and Node holds its own beside it.
    const memory = code.modules === undefined ? jobLimits.memory : jobLimits.memoryWithDuckdb;
    this.job = new Job(
      name,
      {
        project,
        location: region,
        name: handlerName(pipeline.name),
        labels,
        // It holds no data; a change of `runsOn` replaces it.
        deletionProtection: false,
        template: {
          labels,
          taskCount: pipeline.tasks ?? 1,
          ...(pipeline.parallelism === undefined ? {} : { parallelism: pipeline.parallelism }),
          template: {
            serviceAccount,
            timeout: `${jobLimits.timeoutSeconds}s`,
            maxRetries: jobLimits.maxRetries,
            executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
            ...egressOf(pipeline),
            containers: [
              {
                image: nodeImage,
                commands: ['node', `${bundleMount}/${code.object}`],
                envs: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
                resources: { limits: { memory, cpu: jobLimits.cpu } },
                volumeMounts: [
                  { name: 'bundle', mountPath: bundleMount },
                  ...secrets.map(({ secret, volume }) => ({ name: volume, mountPath: secretMount(secret) })),
                ],
              },
            ],
            volumes: [
              { name: 'bundle', gcs: { bucket: code.bucket, readOnly: true } },
              ...secrets.map(({ secret, volume }) => ({
                name: volume,
                secret: { secret, items: [{ version: 'latest', path: secretFile }] },
              })),
            ],
          },
        },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

/** https://cloud.google.com/run/docs/configuring/vpc-direct-vpc; public addresses are reached without the network. */
function egressOf({ network }: Pipeline) {
  if (network === undefined) return {};
  const { network: name, subnetwork } = network;
  return { vpcAccess: { egress: 'PRIVATE_RANGES_ONLY', networkInterfaces: [{ network: name, subnetwork }] } };
}

import { Function as CloudFunction } from '@pulumi/gcp/cloudfunctionsv2/function.js';
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type Output,
} from '@pulumi/pulumi';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import { secretsOf } from '../iam.ts';
import { handlerName } from '../names.ts';
import type { Cloud } from './cloud.ts';
import { handlerEnvironment, secretFile, secretMount } from './handler-environment.ts';
import { functionLimits, functionRuntime, maxInstances } from './limits.ts';

export interface PipelineFunctionArgs {
  readonly cloud: Cloud;
  readonly pipeline: Pipeline;
  readonly serviceAccount: string;
  /** Bucket and object of the zipped bundle. */
  readonly code: { readonly bucket: Input<string>; readonly object: Input<string> };
}

/** A pipeline as a function that only callers inside the project reach. */
export class PipelineFunction extends ComponentResource {
  readonly function: CloudFunction;
  /** The address that Cloud Scheduler calls; also the audience of its tokens. */
  readonly uri: Output<string>;

  constructor(name: string, args: PipelineFunctionArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:PipelineFunction', name, {}, options);
    const { cloud, pipeline, serviceAccount, code } = args;
    const { project, region, labels } = cloud;
    this.function = new CloudFunction(
      name,
      {
        project,
        location: region,
        name: handlerName(pipeline.name),
        description: `Catchment: ${pipeline.source}`,
        labels: { ...labels, source: pipeline.source, pipeline: pipeline.name },
        buildConfig: {
          runtime: functionRuntime,
          entryPoint: 'handler',
          source: { storageSource: code },
        },
        serviceConfig: {
          availableMemory: functionLimits.memory,
          availableCpu: functionLimits.cpu,
          timeoutSeconds: functionLimits.timeoutSeconds,
          maxInstanceRequestConcurrency: functionLimits.concurrency,
          minInstanceCount: 0,
          maxInstanceCount: maxInstances(pipeline.groups.length),
          ingressSettings: 'ALLOW_INTERNAL_ONLY',
          allTrafficOnLatestRevision: true,
          serviceAccountEmail: serviceAccount,
          ...egressOf(pipeline),
          environmentVariables: handlerEnvironment(pipeline, functionLimits.timeoutSeconds),
          secretVolumes: [...secretsOf(pipeline).keys()].map((secret) => ({
            projectId: project,
            secret,
            mountPath: secretMount(secret),
            versions: [{ version: 'latest', path: secretFile }],
          })),
        },
      },
      { parent: this },
    );
    // The run.app address: Cloud Run counts the scheduler's calls to it, and to no other, as internal.
    // `url` is unknown in a preview, which `serviceConfig` with its many known fields is not.
    this.uri = all([this.function.url, this.function.serviceConfig]).apply(
      ([url, config]) => config?.uri ?? url,
    );
    this.registerOutputs();
  }
}

/** https://cloud.google.com/functions/docs/networking/direct-vpc; public addresses are reached without the network. */
function egressOf({ network }: Pipeline) {
  if (network === undefined) return {};
  return {
    directVpcEgress: 'VPC_EGRESS_PRIVATE_RANGES_ONLY',
    directVpcNetworkInterfaces: [{ network: network.network, subnetwork: network.subnetwork }],
  };
}

import { fatal } from '../../functions/core/errors.ts';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import type { Gcp } from '../estate/warehouses.ts';
import { accountEmail, passwordSecretName, pipelineAccountName } from '../names.ts';

/** File name of every secret below its own mount. */
export const secretFile = 'value';

/** Where a handler finds a secret. Two secrets cannot share a folder. */
export function secretMount(secret: string): string {
  return `/secrets/${secret}`;
}

/** https://cloud.google.com/run/quotas: 32 kB for one environment variable. */
const longestVariable = 32 * 1024;

/**
 * What a handler is told: its pipeline as JSON, and how long it may run. Secrets are names here, never values.
 *
 * @throws fatal `bad-input` when the pipeline has too many accounts for one variable
 */
export function handlerEnvironment(
  pipeline: Pipeline,
  timeoutSeconds: number,
  place?: Gcp & { readonly stagingBucket: string },
): Record<string, string> {
  const json = JSON.stringify(pipeline);
  const bytes = Buffer.byteLength(json);
  if (bytes > longestVariable)
    throw fatal('bad-input', {
      where: pipeline.name,
      what: 'is too large for one environment variable',
      got: `${bytes} bytes`,
      allowed: `up to ${longestVariable}`,
      todo: 'split its groups over two pipelines',
    });
  return {
    CATCHMENT_PIPELINE: json,
    CATCHMENT_TIMEOUT_SECONDS: String(timeoutSeconds),
    ...(pipeline.engine === 'dataflow' && place !== undefined
      ? { CATCHMENT_DATAFLOW: JSON.stringify(dataflowPlace(pipeline, place)) }
      : {}),
  };
}

/** What `DataflowPlace` of the runtime says. */
function dataflowPlace(
  { name, groups, network }: Pipeline,
  { project, region, stagingBucket }: Gcp & { readonly stagingBucket: string },
) {
  const subnetwork = network?.subnetwork.split('/').at(-1);
  return {
    project,
    region,
    bucket: stagingBucket,
    serviceAccount: accountEmail(pipelineAccountName(name), project),
    ...(subnetwork === undefined ? {} : { subnetwork: `regions/${region}/subnetworks/${subnetwork}` }),
    passwords: Object.fromEntries(
      groups.flatMap((group) =>
        group.secret === undefined ? [] : [[group.name, passwordSecretName(group.secret)]],
      ),
    ),
  };
}

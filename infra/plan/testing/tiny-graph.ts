import type { Graph, GraphResource, GraphValue } from '../graph.ts';
import { type Snapshot, snapshotFormat } from '../snapshot.ts';

type Inputs = { readonly [key: string]: GraphValue };

/** A registered cloud resource. */
export function resource(
  type: string,
  name: string,
  inputs: Inputs,
  more: Partial<GraphResource> = {},
): GraphResource {
  return {
    urn: `urn:pulumi:dev::demo::${type}::${name}`,
    type,
    name,
    custom: true,
    protect: false,
    dependencies: [],
    inputs,
    ...more,
  };
}

export function graphOf(resources: readonly GraphResource[]): Graph {
  return { project: 'demo', stack: 'dev', resources, outputs: {} };
}

export function snapshotOf(
  resources: readonly GraphResource[],
  more: Partial<Omit<Snapshot, 'format' | 'graph'>> = {},
): Snapshot {
  return {
    format: snapshotFormat,
    graph: graphOf(resources),
    bindings: [],
    tables: [],
    schemas: {},
    ...more,
  };
}

/** One pipeline with a bucket beside it, a binding and a schedule. */
export const tinyResources: readonly GraphResource[] = [
  resource('gcp:storage/bucket:Bucket', 'staging', { location: 'EU' }),
  resource(
    'gcp:secretmanager/secretIamMember:SecretIamMember',
    'ads--secret--token',
    { secretId: 'token', role: 'roles/secretmanager.secretAccessor', member: null },
    { pipeline: 'ads' },
  ),
  resource(
    'gcp:cloudscheduler/job:Job',
    'ads--main',
    { schedule: '0 6 * * *', timeZone: 'Europe/Rome', paused: false },
    { pipeline: 'ads' },
  ),
];

export const tinyBinding = {
  pipeline: 'ads',
  id: 'ads--secret--token',
  member: 'etl-ads',
  role: 'roles/secretmanager.secretAccessor',
  on: { kind: 'secret', name: 'token' },
  because: 'groups.main.secret = token',
} as const;

import type { GraphResource } from '../plan/graph.ts';

interface Mounted {
  readonly secret: string;
  readonly mountPath: string;
}

export interface Told {
  readonly pipeline: unknown;
  readonly secrets: readonly Mounted[];
}

/** What a function or a job is told, whichever it is. */
export function handlerOf(resource: GraphResource | undefined): Told {
  const { serviceConfig, template } = (resource?.inputs ?? {}) as {
    serviceConfig?: { environmentVariables: Record<string, string>; secretVolumes: Mounted[] };
    template?: { template: JobTemplate };
  };
  if (serviceConfig !== undefined)
    return {
      pipeline: JSON.parse(serviceConfig.environmentVariables.CATCHMENT_PIPELINE ?? ''),
      secrets: serviceConfig.secretVolumes.map(({ secret, mountPath }) => ({ secret, mountPath })),
    };
  const { containers = [], volumes = [] } = template?.template ?? {};
  const [container] = containers;
  const variable = container?.envs.find(({ name }) => name === 'CATCHMENT_PIPELINE');
  return {
    pipeline: JSON.parse(variable?.value ?? ''),
    secrets: volumes.flatMap(({ name, secret }) => {
      const mount = container?.volumeMounts.find((each) => each.name === name);
      return secret === undefined ? [] : [{ secret: secret.secret, mountPath: mount?.mountPath ?? '' }];
    }),
  };
}

interface JobTemplate {
  readonly containers?: {
    readonly envs: { readonly name: string; readonly value: string }[];
    readonly volumeMounts: { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes?: { readonly name: string; readonly secret?: { readonly secret: string } }[];
}

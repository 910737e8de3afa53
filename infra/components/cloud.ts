import type { Input, Resource } from '@pulumi/pulumi';
import type { Gcp } from '../estate/warehouses.ts';
import type { Estate } from '../estate.ts';

/** What every component of one estate is told. */
export interface Cloud extends Gcp {
  /** On everything that takes labels. */
  readonly labels: Readonly<Record<string, string>>;
  /** Datasets, tables and secrets refuse to be deleted. */
  readonly protect: boolean;
  /** The services that must be on before anything else is made. */
  readonly dependsOn: Input<Resource>[];
}

/** Labels of an estate. Those of the stack file win. */
export function labelsOf({ stack, labels }: Estate): Record<string, string> {
  return { 'managed-by': 'catchment', stage: stack.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '-'), ...labels };
}

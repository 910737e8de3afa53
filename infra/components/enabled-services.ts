import { Service } from '@pulumi/gcp/projects/service.js';
import { ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';
import type { Pipeline } from '../../functions/core/pipeline.ts';

export interface EnabledServicesArgs {
  readonly project: string;
  /** Such as `run.googleapis.com`. */
  readonly services: readonly string[];
}

/** What every estate calls. Container scanning looks at the images that Cloud Build makes of the functions. */
const everywhere = [
  'artifactregistry.googleapis.com',
  'cloudbuild.googleapis.com',
  'cloudfunctions.googleapis.com',
  'cloudscheduler.googleapis.com',
  'containerscanning.googleapis.com',
  'iam.googleapis.com',
  'logging.googleapis.com',
  'monitoring.googleapis.com',
  'run.googleapis.com',
  'secretmanager.googleapis.com',
  'storage.googleapis.com',
];

/** The services that these pipelines call, sorted. */
export function servicesOf(pipelines: readonly Pipeline[]): string[] {
  const needs = (isNeeded: (pipeline: Pipeline) => boolean, service: string) =>
    pipelines.some(isNeeded) ? [service] : [];
  return [
    ...everywhere,
    ...needs(({ warehouse }) => warehouse.kind === 'bigquery', 'bigquery.googleapis.com'),
    ...needs(
      ({ network, engine }) => network !== undefined || engine === 'dataflow',
      'compute.googleapis.com',
    ),
    ...needs(({ engine }) => engine === 'dataflow', 'dataflow.googleapis.com'),
  ].sort();
}

/** The Google Cloud services of an estate. They stay on when it is destroyed: others may use them. */
export class EnabledServices extends ComponentResource {
  readonly services: readonly Service[];

  constructor(
    name: string,
    { project, services }: EnabledServicesArgs,
    options: ComponentResourceOptions = {},
  ) {
    super('catchment:gcp:EnabledServices', name, {}, options);
    this.services = services.map(
      (service) => new Service(service, { project, service, disableOnDestroy: false }, { parent: this }),
    );
    this.registerOutputs();
  }
}

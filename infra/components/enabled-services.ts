import { Service } from '@pulumi/gcp/projects/service.js';
import { ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';

export interface EnabledServicesArgs {
  readonly project: string;
}

/** What an estate calls. Container scanning looks at the images that Cloud Build makes of the functions. */
const services = [
  'artifactregistry.googleapis.com',
  'bigquery.googleapis.com',
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
] as const;

/** The Google Cloud services of an estate. They stay on when it is destroyed: others may use them. */
export class EnabledServices extends ComponentResource {
  readonly services: readonly Service[];

  constructor(name: string, { project }: EnabledServicesArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:EnabledServices', name, {}, options);
    this.services = services.map(
      (service) => new Service(service, { project, service, disableOnDestroy: false }, { parent: this }),
    );
    this.registerOutputs();
  }
}

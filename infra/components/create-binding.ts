import { DatasetIamMember } from '@pulumi/gcp/bigquery/datasetIamMember.js';
import { JobIamMember } from '@pulumi/gcp/cloudrunv2/jobIamMember.js';
import { ServiceIamMember } from '@pulumi/gcp/cloudrunv2/serviceIamMember.js';
import { IAMMember } from '@pulumi/gcp/projects/iammember.js';
import { SecretIamMember } from '@pulumi/gcp/secretmanager/secretIamMember.js';
import { IAMMember as AccountIamMember } from '@pulumi/gcp/serviceaccount/iammember.js';
import { BucketIAMMember } from '@pulumi/gcp/storage/bucketIAMMember.js';
import type { CustomResource, CustomResourceOptions } from '@pulumi/pulumi';
import type { Binding } from '../iam.ts';
import { accountEmail } from '../names.ts';

export interface CreateBindingArgs {
  readonly binding: Binding;
  /** `serviceAccount:...` */
  readonly member: string;
  readonly region: string;
}

/** The resource of one binding. Members only: roles that others hold on the same thing stay. */
export function createBinding(
  { binding, member, region }: CreateBindingArgs,
  options: CustomResourceOptions,
): CustomResource {
  const { id, role, on } = binding;
  const { kind, name, project } = on;
  switch (kind) {
    case 'secret':
      return new SecretIamMember(id, { project, secretId: name, role, member }, options);
    case 'dataset':
      return new DatasetIamMember(id, { project, datasetId: name, role, member }, options);
    case 'project':
      return new IAMMember(id, { project, role, member }, options);
    case 'bucket':
      return new BucketIAMMember(id, { bucket: name, role, member }, options);
    case 'account':
      return new AccountIamMember(
        id,
        {
          serviceAccountId: `projects/${project}/serviceAccounts/${accountEmail(name, project)}`,
          role,
          member,
        },
        options,
      );
    case 'job':
      return new JobIamMember(id, { project, location: region, name, role, member }, options);
    case 'function':
      // A function of the second generation is called through its Cloud Run service, which has the same name.
      return new ServiceIamMember(id, { project, location: region, name, role, member }, options);
  }
}

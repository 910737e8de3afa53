import { Secret } from '@pulumi/gcp/secretmanager/secret.js';
import { ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';
import type { Cloud } from './cloud.ts';

export interface GroupSecretArgs {
  readonly cloud: Cloud;
  readonly secretName: string;
  /** Why it is changed by hand, for the annotation. */
  readonly rotation: string;
}

/** A destroyed version can be brought back for this long: a rotation that went wrong costs no access. */
const destroyedVersionSeconds = 7 * 24 * 3600;

/**
 * The place of the secret of a group or a warehouse. Its value is put there by a person and is never known to Pulumi:
 * `gcloud secrets versions add <name> --data-file=-`.
 *
 * It is kept in the estate's own region. Rotation is by hand, since no vendor here issues tokens to a program, and
 * an annotation says so.
 */
export class GroupSecret extends ComponentResource {
  readonly secret: Secret;

  constructor(
    name: string,
    { cloud, secretName, rotation }: GroupSecretArgs,
    options: ComponentResourceOptions = {},
  ) {
    super('catchment:gcp:GroupSecret', name, {}, options);
    const { project, region, labels, protect, dependsOn } = cloud;
    this.secret = new Secret(
      name,
      {
        project,
        secretId: secretName,
        labels,
        replication: { userManaged: { replicas: [{ location: region }] } },
        versionDestroyTtl: `${destroyedVersionSeconds}s`,
        annotations: { rotation },
        deletionProtection: protect,
      },
      { parent: this, dependsOn, protect, retainOnDelete: protect },
    );
    this.registerOutputs();
  }
}

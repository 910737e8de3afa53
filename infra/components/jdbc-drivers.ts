import { BucketObject } from '@pulumi/gcp/storage/bucketObject.js';
import { asset, ComponentResource, type ComponentResourceOptions, type Input } from '@pulumi/pulumi';

export interface JdbcDriversArgs {
  readonly bucket: Input<string>;
}

const maven = 'https://repo1.maven.org/maven2';

/** By their names in the bucket, which `functions/core/engines/dataflow/launch-body.ts` gives to Dataflow. */
const drivers = {
  'postgresql.jar': `${maven}/org/postgresql/postgresql/42.7.7/postgresql-42.7.7.jar`,
  'mariadb-java-client.jar': `${maven}/org/mariadb/jdbc/mariadb-java-client/3.5.3/mariadb-java-client-3.5.3.jar`,
} as const;

/** The drivers that Dataflow's workers load, in the staging bucket. The deployment fetches them; a plan does not. */
export class JdbcDrivers extends ComponentResource {
  constructor(name: string, { bucket }: JdbcDriversArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:JdbcDrivers', name, {}, options);
    for (const [file, url] of Object.entries(drivers))
      new BucketObject(
        `${name}/${file}`,
        {
          bucket,
          name: `jdbc/${file}`,
          source: new asset.RemoteAsset(url),
          contentType: 'application/java-archive',
        },
        { parent: this },
      );
    this.registerOutputs();
  }
}

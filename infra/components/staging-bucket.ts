import { Bucket } from '@pulumi/gcp/storage/bucket.js';
import { ComponentResource, type ComponentResourceOptions } from '@pulumi/pulumi';
import type { Cloud } from './cloud.ts';

export interface StagingBucketArgs {
  readonly cloud: Cloud;
  readonly bucketName: string;
  readonly logBucketName: string;
}

/** Days after which an access log is deleted. */
const logDays = 90;

/** Days for which a replaced object can be brought back. */
const oldVersionDays = 30;

/**
 * Where code waits for its function or job. Current objects stay: a running job reads its code from here.
 * Its access log goes to a second bucket, which logs nowhere (a bucket that logs to itself never ends).
 */
export class StagingBucket extends ComponentResource {
  readonly bucket: Bucket;
  readonly logBucket: Bucket;

  constructor(name: string, args: StagingBucketArgs, options: ComponentResourceOptions = {}) {
    super('catchment:gcp:StagingBucket', name, {}, options);
    const { project, region, labels, dependsOn } = args.cloud;
    const closed = {
      project,
      location: region,
      labels,
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      versioning: { enabled: true },
      forceDestroy: true,
    };
    this.logBucket = new Bucket(
      `${name}-logs`,
      {
        ...closed,
        name: args.logBucketName,
        lifecycleRules: [
          { action: { type: 'Delete' }, condition: { age: logDays } },
          { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 1 } },
        ],
      },
      { parent: this, dependsOn },
    );
    this.bucket = new Bucket(
      name,
      {
        ...closed,
        name: args.bucketName,
        logging: { logBucket: this.logBucket.name },
        lifecycleRules: [
          {
            action: { type: 'Delete' },
            condition: { daysSinceNoncurrentTime: oldVersionDays, withState: 'ARCHIVED' },
          },
          { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: 1 } },
        ],
      },
      { parent: this, dependsOn },
    );
    this.registerOutputs();
  }
}

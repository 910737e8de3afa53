import { fatal } from '../functions/core/errors.ts';

/** What one kind of cloud name may look like. */
interface NameRule {
  /** What is named, for the error. */
  readonly kind: string;
  readonly min: number;
  readonly max: number;
  readonly pattern: RegExp;
  readonly says: string;
}

const serviceAccount: NameRule = {
  kind: 'service account id',
  // https://cloud.google.com/iam/docs/service-accounts-create: 6 to 30 characters
  min: 6,
  max: 30,
  pattern: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  says: 'lower-case letters, digits and dashes, starting with a letter',
};

const runName: NameRule = {
  kind: 'function or job name',
  // https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/create: fewer than 50 characters
  min: 1,
  max: 49,
  pattern: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  says: 'lower-case letters, digits and dashes, starting with a letter',
};

const schedulerJob: NameRule = {
  kind: 'scheduler job name',
  // https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs: up to 500 characters
  min: 1,
  max: 500,
  pattern: /^[A-Za-z0-9_-]+$/,
  says: 'letters, digits, dashes and underscores',
};

const bucket: NameRule = {
  kind: 'bucket name',
  // https://cloud.google.com/storage/docs/buckets#naming: 3 to 63 characters
  min: 3,
  max: 63,
  pattern: /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/,
  says: 'lower-case letters, digits and dashes',
};

/** Service account that the code of a pipeline runs as. @throws fatal `bad-input` when it would be too long */
export function pipelineAccountName(pipeline: string): string {
  return checked(serviceAccount, `etl-${pipeline}`, pipeline);
}

/** Service account that may start a pipeline, and nothing else. @throws fatal `bad-input` when it would be too long */
export function schedulerAccountName(pipeline: string): string {
  return checked(serviceAccount, `cron-${pipeline}`, pipeline);
}

/** Address of a service account. It is computed, so that a plan can show who gets what before anything exists. */
export function accountEmail(account: string, project: string): string {
  return `${account}@${project}.iam.gserviceaccount.com`;
}

/** Function or job of a pipeline. @throws fatal `bad-input` when it would be too long */
export function handlerName(pipeline: string): string {
  return checked(runName, `etl-${pipeline}`, pipeline);
}

/**
 * Scheduler job of one group. Names hold no double dash, so two pairs never share one.
 *
 * @throws fatal `bad-input` when it would be too long
 */
export function scheduleName(pipeline: string, group: string): string {
  return checked(schedulerJob, `etl-${pipeline}--${group}`, pipeline);
}

/**
 * Secret with the bare password of a group's database: Google's template reads a secret as it is, and the group's own is a
 * JSON object.
 */
export function passwordSecretName(secret: string): string {
  return `${secret}-password`;
}

/** Scheduler job that goes on with what was deferred. @throws fatal `bad-input` when it would be too long */
export function resumeName(pipeline: string, group: string): string {
  return checked(schedulerJob, `etl-${pipeline}--${group}--resume`, pipeline);
}

/** Bucket for code on its way to a function or job. Bucket names are global, project ids too. */
export function stagingBucketName(project: string, stack: string): string {
  return checked(bucket, `${project}-${stack}-catchment`, stack);
}

/** Bucket that keeps the access log of the staging bucket. */
export function accessLogBucketName(project: string, stack: string): string {
  return checked(bucket, `${project}-${stack}-catchment-logs`, stack);
}

function checked(rule: NameRule, name: string, from: string): string {
  if (name.length < rule.min || name.length > rule.max) {
    const by = name.length > rule.max ? name.length - rule.max : rule.min - name.length;
    throw fatal('bad-input', {
      where: from,
      what: `gives a ${rule.kind} of ${name.length} characters`,
      got: name,
      allowed: `${rule.min} to ${rule.max} characters`,
      todo: `make "${from}" ${by} ${name.length > rule.max ? 'shorter' : 'longer'}; names are never cut`,
    });
  }
  if (!rule.pattern.test(name))
    throw fatal('bad-input', {
      where: from,
      what: `gives a wrong ${rule.kind}`,
      got: name,
      allowed: rule.says,
    });
  return name;
}

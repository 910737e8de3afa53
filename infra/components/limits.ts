/**
 * How much a function may use. One request at a time per instance: a run holds the lease of its group and the
 * memory of its pages.
 */
export const functionLimits = {
  memory: '512Mi',
  cpu: '1',
  /** Cloud Scheduler waits for an answer for at most 30 minutes; a function that may run longer would be called again while it works. */
  timeoutSeconds: 1800,
  concurrency: 1,
} as const;

/** How much a job may use. */
export const jobLimits = {
  memory: '1Gi',
  /** Of jobs that check files by DuckDB. */
  memoryWithDuckdb: '2Gi',
  cpu: '1',
  /** Cloud Run's own default is ten minutes, its limit seven days. */
  timeoutSeconds: 6 * 3600,
  /** Safe, since a slice is committed once. */
  maxRetries: 1,
} as const;

/** The image that runs the bundle of a job, pinned by tag. The bundle is mounted, so nothing is built. */
export const nodeImage = 'docker.io/library/node:24.21.0-bookworm-slim';

/** The functions' runtime. */
export const functionRuntime = 'nodejs24';

/** How often the clock asks again after an answer that is not 2xx: a run that is deferred, or a network that is down. */
export const scheduleRetries = {
  retryCount: 3,
  minBackoffDuration: '60s',
  maxBackoffDuration: '600s',
  maxDoublings: 3,
  maxRetryDuration: '3600s',
} as const;

/** How often the clock asks whether Dataflow jobs are done. Nothing is read or written while none is on its way. */
export const resumeCron = '*/10 * * * *';

/** Starting a job is one short call; the job itself goes on without it. */
export const jobStartDeadlineSeconds = 180;

/** An instance for each group, since one schedule starts them all, and one for a person. */
export function maxInstances(groups: number): number {
  return groups + 1;
}

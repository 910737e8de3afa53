import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CatchmentError } from '../../errors.ts';
import { fatal } from '../../errors.ts';
import type { Refusal } from './errors.ts';
import { bigqueryError, isTransient } from './errors.ts';
import type { Rest } from './rest.ts';
import { waitMs } from './rest.ts';
import type { BigquerySettings } from './settings.ts';

/** What all parts of an open warehouse share. */
export interface Bigquery {
  readonly settings: BigquerySettings;
  readonly rest: Rest;
  /** Adds up what queries are charged for. */
  readonly meter: { billed: number };
}

export interface JobRequest {
  /** What is being done, for errors: lower case. */
  readonly what: string;
  /** The same work has the same id: a job that exists is never started again. Made by `jobId`. */
  readonly id: string;
  readonly configuration: Readonly<Record<string, unknown>>;
  /** Content of a load job. */
  readonly upload?: Uint8Array | undefined;
  /** What a job's error means here, when it does not mean what it usually does. */
  readonly explain?: ((refusal: Refusal) => CatchmentError | undefined) | undefined;
}

export interface DoneJob {
  readonly id: string;
  readonly statistics: z.output<typeof statistics>;
}

const statistics = z.object({
  load: z.object({ outputRows: z.string().optional(), inputFileBytes: z.string().optional() }).optional(),
  query: z
    .object({ totalBytesBilled: z.string().optional(), numDmlAffectedRows: z.string().optional() })
    .optional(),
});

const jobBody = z.object({
  status: z.object({
    state: z.enum(['PENDING', 'RUNNING', 'DONE']),
    errorResult: z.object({ reason: z.string().default(''), message: z.string().default('') }).optional(),
    errors: z.array(z.object({ message: z.string().default('') })).optional(),
  }),
  statistics: statistics.default({}),
});

type JobBody = z.output<typeof jobBody>;

const attempts = 8;

/** A job id out of what the job is about. Letters, digits, `_` and `-`, at most 1024 (BigQuery). */
export function jobId(kind: string, ...parts: readonly (string | number)[]): string {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
  return `catchment_${kind}_${hash}`;
}

/** An id for work that nobody but this call can ask for again. */
export function callId(kind: string): string {
  return `catchment_${kind}_${randomUUID().replaceAll('-', '')}`;
}

/**
 * Runs a job to its end. An attempt that failed for a passing reason is made again under the next id: a failed job has
 * changed nothing, and its own id is used up.
 *
 * @throws what `bigqueryError` makes of the job's error
 */
export async function runJob(bigquery: Bigquery, request: JobRequest): Promise<DoneJob> {
  for (let attempt = 1; ; attempt += 1) {
    const id = `${request.id}_${attempt}`;
    await submit(bigquery, request, id);
    const { status, statistics } = await waitFor(bigquery, request, id);
    bigquery.meter.billed += Number(statistics.query?.totalBytesBilled ?? 0);
    if (status.errorResult === undefined) return { id, statistics };
    const refusal = detailed(status);
    if (!isTransient(refusal) || attempt >= attempts)
      throw request.explain?.(refusal) ?? bigqueryError(request.what, refusal, bigquery.settings.now());
    await bigquery.settings.sleep(waitMs(attempt));
  }
}

/** 409 says that the job is there already: an earlier answer was lost. */
async function submit({ rest, settings }: Bigquery, request: JobRequest, id: string): Promise<void> {
  const job = jobOf(settings, request, id);
  const base = { what: request.what, method: 'POST', path: 'jobs', expect: [409] } as const;
  if (request.upload === undefined) {
    await rest({ ...base, json: job });
    return;
  }
  const body = multipart(id, job, request.upload);
  await rest({ ...base, isUpload: true, query: { uploadType: 'multipart' }, body });
}

/** A job as the REST interface takes it. */
export function jobOf(
  { project: projectId, location }: BigquerySettings,
  { configuration }: Pick<JobRequest, 'configuration'>,
  id: string,
) {
  return {
    jobReference: { projectId, jobId: id, location },
    configuration: { labels: { app: 'catchment' }, ...configuration },
  };
}

/** Waits until a job is done, well or not. */
export async function waitFor(
  { rest, settings }: Bigquery,
  { what }: Pick<JobRequest, 'what'>,
  id: string,
): Promise<JobBody> {
  for (let wait = 200; ; wait = Math.min(wait * 1.5, 5_000)) {
    const reply = await rest({
      what,
      method: 'GET',
      path: `jobs/${id}`,
      query: { location: settings.location },
    });
    const result = jobBody.safeParse(reply.json);
    if (!result.success)
      throw fatal('warehouse', {
        what: `BigQuery: ${what} got an answer that is no job`,
        cause: result.error,
      });
    if (result.data.status.state === 'DONE') return result.data;
    await settings.sleep(wait);
  }
}

/** The first of `errors` names the row and column, where `errorResult` only counts them. */
export function detailed({ errorResult, errors }: JobBody['status']): Refusal {
  const { reason = '', message = '' } = errorResult ?? {};
  const first = errors?.find((error) => error.message !== '' && error.message !== message)?.message;
  return { reason, message: first === undefined ? message : `${message}: ${first}` };
}

/** https://cloud.google.com/bigquery/docs/reference/api-uploads#multipart */
function multipart(boundary: string, job: unknown, content: Uint8Array): { type: string; bytes: Uint8Array } {
  const head =
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(job)}\r\n` +
    `--${boundary}\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const bytes = Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { type: `multipart/related; boundary=${boundary}`, bytes };
}

import type { CatchmentError } from '../../errors.ts';
import { fatal, retryable } from '../../errors.ts';

/** What BigQuery says went wrong, in an answer or in a job. https://cloud.google.com/bigquery/docs/error-messages */
export interface Refusal {
  readonly status?: number | undefined;
  readonly reason: string;
  readonly message: string;
}

const transient = new Set([
  'backendError',
  'internalError',
  'jobBackendError',
  'jobInternalError',
  'rateLimitExceeded',
  'jobRateLimitExceeded',
]);

/** Two transactions changed one table at the same time, and BigQuery cancelled this one. It has no reason of its own. */
const conflict = /aborted due to concurrent update|Could not serialize access/i;

/** True when the same work, as a new job, may succeed. */
export function isTransient({ reason, message }: Refusal): boolean {
  return transient.has(reason) || conflict.test(message);
}

/** How long daily limits make a run wait: BigQuery frees them little by little, over a day. */
const quotaWaitMs = 3_600_000;

/** @param what what was being done, lower case */
export function bigqueryError(what: string, refusal: Refusal, now: Date): CatchmentError {
  const { reason, message, status } = refusal;
  const text = `BigQuery: ${what} failed (${[status, reason, message].filter(Boolean).join(', ')})`;
  if (reason === 'quotaExceeded')
    return retryable('deferred', {
      what: text,
      todo: 'a daily limit of the project or the table is used up; the next run goes on from here',
      resumeAt: new Date(now.getTime() + quotaWaitMs),
    });
  if (reason === 'accessDenied')
    return fatal('warehouse', {
      what: text,
      todo: 'the account needs roles/bigquery.dataEditor on the dataset and roles/bigquery.jobUser on the project; deploy the stack again',
    });
  if (reason === 'billingNotEnabled' || reason === 'billingTierLimitExceeded')
    return fatal('warehouse', { what: text, todo: "check the project's billing" });
  if (reason === 'notFound')
    return fatal('warehouse', {
      what: text,
      todo: 'the dataset and its tables are made by the stack; deploy it again',
    });
  if (isTransient(refusal))
    return retryable('warehouse', { what: text, todo: 'several attempts failed; run it again later' });
  return fatal('warehouse', { what: text });
}

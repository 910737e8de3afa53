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

/** Daily limits are counted from midnight to midnight there. https://cloud.google.com/bigquery/quotas */
const quotaZone = 'America/Los_Angeles';

/** The first moment of the next day in a zone whose offset changes at night and not at midnight. */
export function nextMidnight(now: Date, timeZone = quotaZone): Date {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const passed = (at: Date) => {
    const [hours = 0, minutes = 0, seconds = 0] = format.format(at).split(':').map(Number);
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + at.getUTCMilliseconds();
  };
  const day = 24 * 3_600_000;
  const guess = new Date(now.getTime() + day - passed(now));
  // On a day of 23 or 25 hours the guess is an hour late or early.
  const off = passed(guess);
  return off === 0 ? guess : new Date(guess.getTime() + (off > day / 2 ? day - off : -off));
}

/** @param what what was being done, lower case */
export function bigqueryError(what: string, refusal: Refusal, now: Date): CatchmentError {
  const { reason, message, status } = refusal;
  const text = `BigQuery: ${what} failed (${[status, reason, message].filter(Boolean).join(', ')})`;
  if (reason === 'quotaExceeded')
    return retryable('deferred', {
      what: text,
      todo: 'a daily limit of the project or the table is used up until midnight in California; the run goes on then',
      resumeAt: nextMidnight(now),
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

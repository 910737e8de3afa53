import type { CatchmentError } from '../errors.ts';
import { retryable } from '../errors.ts';
import type { NormalRetry } from './normalize.ts';
import type { AnswerRule } from './policy.ts';

/** One attempt that failed. */
export interface Failure {
  /** What is thrown when nothing else helps; a fatal one is thrown at once. */
  readonly error: CatchmentError;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined;
  /** What the source says about the code in the answer's body. */
  readonly rule?: AnswerRule | undefined;
}

export type Decision =
  | { readonly do: 'retry'; readonly ms: number }
  | { readonly do: 'defer'; readonly until: Date }
  | { readonly do: 'give-up'; readonly error: CatchmentError };

export interface Attempt {
  /** From 1. */
  readonly attempt: number;
  readonly retry: NormalRetry;
  readonly failure: Failure;
  readonly now: Date;
  /** A number from 0 up to 1. */
  readonly random: () => number;
}

/** A vendor that names a longer wait is asked again after a day. */
const longestWaitMs = 86_400_000;

/**
 * What is done about a failed attempt. A wait that the vendor names wins over our backoff and is not jittered; one that
 * is longer than `maxWaitMs` ends the run `deferred`.
 */
export function decide({ attempt, retry, failure, now, random }: Attempt): Decision {
  const giveUp: Decision = { do: 'give-up', error: failure.error };
  if (failure.error.kind === 'fatal') return giveUp;

  const wait = namedWait(failure, retry, now);
  const isLast = attempt > retry.limit;
  if (wait !== undefined && wait.ms > retry.maxWaitMs && (wait.isDemanded || isLast))
    return { do: 'defer', until: new Date(now.getTime() + wait.ms) };
  if (isLast) return giveUp;
  if (wait?.isDemanded) return { do: 'retry', ms: wait.ms };
  const backoff = Math.min(retry.ceilingMs, retry.baseMs * 2 ** (attempt - 1));
  return { do: 'retry', ms: Math.round(random() * backoff) };
}

/** The error that ends a run which a vendor asked to come back later. */
export function deferred({ error }: Failure, until: Date): CatchmentError {
  return retryable('deferred', {
    ...error.facts,
    todo: `the vendor asks to wait, so the run goes on at ${until.toISOString()}`,
    cause: error,
    resumeAt: until,
  });
}

interface NamedWait {
  readonly ms: number;
  /** False for a rule that says `retry`: its wait is for the time after the last attempt. */
  readonly isDemanded: boolean;
}

function namedWait(
  { headers, rule }: Failure,
  { waitHeader }: NormalRetry,
  now: Date,
): NamedWait | undefined {
  const header = headers?.[waitHeader.toLowerCase()];
  const ofHeader = parseWait(typeof header === 'string' ? header : header?.[0], now);
  if (ofHeader !== undefined) return { ms: Math.min(ofHeader, longestWaitMs), isDemanded: true };
  if (rule?.waitSeconds === undefined) return undefined;
  return { ms: Math.min(rule.waitSeconds * 1000, longestWaitMs), isDemanded: rule.action === 'wait' };
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); undefined for anything else. */
function parseWait(text: string | undefined, now: Date): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text.trim())) return Math.ceil(Number(text) * 1000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

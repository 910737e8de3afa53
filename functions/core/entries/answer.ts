import type { ServerResponse } from 'node:http';
import type { CatchmentError } from '../errors.ts';
import type { RunSummary } from '../run/request.ts';

/** What goes back to a caller. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Seconds after which a caller may try again when nobody knows better: a run takes minutes. */
const retryAfterSeconds = 60;

/**
 * An error as an answer.
 *
 * @param status the status of an error that is not retryable: 400 while a request is checked, 500 afterwards
 * @returns `{ error: { code, message, field?, allowed?, retryable } }`, with `Retry-After` when it is retryable:
 *   409 `already-running`, else 503
 */
export function errorAnswer(error: CatchmentError, status: number, now: Date): Answer {
  const { field, allowed } = error.facts;
  const isRetryable = error.kind === 'retryable';
  const body = {
    error: { code: error.code, message: error.message, field, allowed, retryable: isRetryable },
  };
  if (!isRetryable) return { status, body };
  return {
    status: error.code === 'already-running' ? 409 : 503,
    body,
    headers: { 'retry-after': String(secondsUntil(error.resumeAt, now)) },
  };
}

/**
 * A run as an answer: 200 when all slices are in; 503 when it was deferred or stopped; 500 when slices failed, also when
 * others are in (`partial`), because a scheduler looks at the status alone and must see it. The summary is there always.
 */
export function summaryAnswer(summary: RunSummary, isStopped: boolean, now: Date): Answer {
  const { status, error, resumeAt } = summary.run;
  if (status === 'succeeded') return { status: 200, body: summary };
  const isLater = status === 'deferred' || isStopped;
  const code = isStopped && status !== 'deferred' ? 'cancelled' : status;
  const slices = summary.failures.map(({ sliceId }) => sliceId);
  const message = [
    error ?? `the run ended ${status}`,
    slices.length > 0 && `failed slices: ${slices.join(', ')}`,
  ];
  const body = {
    // The next run takes the failed slices first, whatever became of the others.
    error: { code, message: message.filter(Boolean).join('; '), retryable: isLater || status === 'partial' },
    ...summary,
  };
  if (!isLater) return { status: 500, body };
  return { status: 503, body, headers: { 'retry-after': String(secondsUntil(resumeAt, now)) } };
}

/** Writes an answer as JSON: dates as ISO 8601, integers as digits whatever their size. */
export function send(response: ServerResponse, { status, body, headers }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  const text = `${toJson(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(text);
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'bigint') return inner;
    return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner);
  });
}

function secondsUntil(resumeAt: Date | undefined, now: Date): number {
  if (resumeAt === undefined) return retryAfterSeconds;
  return Math.max(1, Math.ceil((resumeAt.getTime() - now.getTime()) / 1000));
}

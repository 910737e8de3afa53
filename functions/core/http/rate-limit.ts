import { retryable } from '../errors.ts';
import type { RateLimit } from './policy.ts';

/** What a call counts against. */
export interface Call {
  readonly path: string;
  readonly account?: string | undefined;
}

export interface LimiterOptions {
  readonly limits: readonly RateLimit[];
  /** A longer wait is refused. */
  readonly maxWaitMs: number;
  readonly where: string;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Limiter {
  /**
   * Returns when the call may leave.
   *
   * @returns milliseconds waited
   * @throws retryable `deferred` when it would have to wait longer than `maxWaitMs`
   */
  take(call: Call): Promise<number>;
}

/**
 * Departures of the last `max` calls, as a ring. A bucket that refills lets `2 x max` calls through in one window;
 * vendors count sliding windows, so this does as well.
 */
interface Bucket {
  readonly limit: RateLimit;
  readonly times: number[];
  next: number;
}

export function createLimiter({ limits, maxWaitMs, where, signal, now, sleep }: LimiterOptions): Limiter {
  const buckets = new Map<string, Bucket>();

  const bucketOf = (limit: RateLimit, index: number, call: Call): Bucket => {
    const key = `${index} ${scopeKey(limit, call)}`;
    const known = buckets.get(key) ?? { limit, times: [], next: 0 };
    buckets.set(key, known);
    return known;
  };

  return {
    async take(call) {
      const mine = limits.map((limit, index) => bucketOf(limit, index, call));
      let waited = 0;
      for (;;) {
        const at = now().getTime();
        const [wait, limit] = longestWait(mine, at);
        if (wait === 0) {
          for (const bucket of mine) depart(bucket, at);
          return waited;
        }
        if (limit !== undefined && wait > maxWaitMs) throw exhausted(limit, wait, at, where);
        await sleep(wait, signal);
        waited += wait;
      }
    },
  };
}

function scopeKey({ scope }: RateLimit, { account = '', path }: Call): string {
  if (scope === 'app') return '';
  return scope === 'account' ? account : `${account} ${path}`;
}

function longestWait(buckets: readonly Bucket[], at: number): [number, RateLimit | undefined] {
  let longest: [number, RateLimit | undefined] = [0, undefined];
  for (const { limit, times, next } of buckets) {
    const oldest = times.length < limit.max ? undefined : times[next];
    if (oldest === undefined) continue;
    const spanMs = limit.perSeconds * 1000;
    // A clock that was set back must not make the wait longer than the window.
    const wait = Math.min(Math.ceil(oldest + spanMs - at), spanMs);
    if (wait > longest[0]) longest = [wait, limit];
  }
  return longest;
}

function depart(bucket: Bucket, at: number): void {
  bucket.times[bucket.next] = at;
  bucket.next = (bucket.next + 1) % bucket.limit.max;
}

function exhausted({ scope, max, perSeconds }: RateLimit, wait: number, at: number, where: string) {
  const resumeAt = new Date(at + wait);
  return retryable('deferred', {
    where,
    what: `the limit of ${max} calls in ${perSeconds} s per ${scope.replace('+', ' and ')} is used up`,
    todo: `the run goes on at ${resumeAt.toISOString()}`,
    resumeAt,
  });
}

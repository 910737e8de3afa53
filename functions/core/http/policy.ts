/** At most `max` requests in any `perSeconds` seconds. One bucket per value of the scope. */
export interface RateLimit {
  /**
   * What shares one bucket: all calls of the group (`app`), one account's calls (`account`),
   * or one account's calls of one path (`account+path`).
   */
  readonly scope: 'app' | 'account' | 'account+path';
  readonly max: number;
  readonly perSeconds: number;
}

/** When a request is sent again. A wait the vendor names wins over our backoff and is not jittered. */
export interface RetryPolicy {
  /** Attempts after the first one. @default 5 */
  readonly limit?: number;
  /** First backoff; doubles each time, full jitter. @default 500 */
  readonly baseMs?: number;
  /** Longest backoff between two attempts. @default 30_000 */
  readonly ceilingMs?: number;
  /** A wait longer than this ends the run `deferred` instead of sleeping in paid compute. @default 60_000 */
  readonly maxWaitMs?: number;
  /** HTTP statuses that are sent again. @default [408, 425, 429, 500, 502, 503, 504] */
  readonly statuses?: readonly number[];
  /** The header that names the wait: seconds or an HTTP date. @default "retry-after" */
  readonly waitHeader?: string;
}

/** What is done about an answer whose body carries an error code. */
export interface AnswerRule {
  /** Single codes and inclusive ranges. */
  readonly codes: readonly (number | readonly [number, number])[];
  /**
   * - `retry`: send again with backoff
   * - `wait`: send again after `waitSeconds`, or end the run `deferred` if that is longer than `maxWaitMs`
   * - `auth`: stop; the credentials are at fault
   * - `split`: thrown to the source as code `too-large`, which asks again for less
   * - `fatal`: stop
   */
  readonly action: 'retry' | 'wait' | 'auth' | 'split' | 'fatal';
  /**
   * With `wait`: how long. With `retry`: how long the run is deferred when the attempts are used up, if that is longer
   * than `maxWaitMs`. A wait that the answer's header names wins.
   */
  readonly waitSeconds?: number;
  /** What the vendor means by it, for the error message. */
  readonly means: string;
}

/** Where a JSON answer says whether it worked, for vendors that put errors inside HTTP 200. */
export interface AnswerPolicy {
  /** Top-level field with the code. */
  readonly codeField: string;
  /** Top-level field with the text for people. */
  readonly messageField: string;
  /** Top-level field with the vendor's id of the request, for support. */
  readonly requestIdField?: string;
  /** Codes that mean success. */
  readonly ok: readonly number[];
  /** First match wins; a code that no rule names is fatal. */
  readonly rules: readonly AnswerRule[];
}

/** How a source talks HTTP, as data. Sources never retry, sleep, or see another host. */
export interface HttpPolicy {
  /** Base of all paths, with a trailing slash. The twin points it at the sandbox. */
  readonly baseUrl: string;
  /** Which secret field goes into which header. */
  readonly auth?: { readonly header: string; readonly secret: string; readonly prefix?: string };
  /** Whole request, connect to last byte. @default 60_000 */
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
  readonly answer?: AnswerPolicy;
  readonly limits?: readonly RateLimit[];
}

import { systemClock, systemSleep } from '../clock.ts';
import { CatchmentError, isCatchmentError, retryable } from '../errors.ts';
import type { Log } from '../extract.ts';
import type { Redactor } from '../secrets.ts';
import type { CallFacts } from './answer.ts';
import { createGoogleTokens } from './google-token.ts';
import { resolveUrl } from './hosts.ts';
import type { Http, HttpStats, RequestOptions } from './http.ts';
import { stringifyJson } from './json.ts';
import { normalizePolicy } from './normalize.ts';
import type { HttpPolicy } from './policy.ts';
import { createLimiter } from './rate-limit.ts';
import { createOpen, createRaw } from './raw.ts';
import type { Reading } from './read-answer.ts';
import { readAnswer } from './read-answer.ts';
import type { Failure } from './retry.ts';
import { decide, deferred } from './retry.ts';
import type { RawRequest } from './send.ts';
import { createSender } from './send.ts';

export interface HttpOptions {
  readonly policy: HttpPolicy;
  /** The source's hosts. */
  readonly hosts: readonly string[];
  /** Replaces the policy's; then nothing else is talked to. */
  readonly baseUrl?: string | undefined;
  /** One group's secret, checked. */
  readonly secret: Readonly<Record<string, unknown>>;
  readonly redactor: Redactor;
  /** `pipeline/group`, for errors. */
  readonly where: string;
  readonly signal: AbortSignal;
  /** @default the wall clock */
  readonly now?: (() => Date) | undefined;
  /** @default a timer */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  /** From 0 up to 1, for jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
  readonly log?: Log | undefined;
  /**
   * For tests: addresses on this machine that stand in for hosts, by host; `metadata.google.internal` is one of them.
   * Everything but the connection is as it would be: what is allowed, what is signed. @default none
   */
  readonly standIns?: Readonly<Record<string, string>> | undefined;
}

const metadataHost = 'metadata.google.internal';

/**
 * The network as one group of a source may use it: to declared hosts, within the rate limits, sent again as the policy
 * says. Every error and log line is redacted.
 *
 * @throws fatal `auth` when the secret lacks what the policy sends
 */
export function createHttp(options: HttpOptions): { readonly http: Http; readonly stats: HttpStats } {
  const { redactor, where, signal, log } = options;
  const { now = systemClock, sleep = systemSleep, random = Math.random, standIns = {} } = options;
  const policy = normalizePolicy(options);
  const { auth, retry } = policy;
  const stats: HttpStats = { calls: 0, retries: 0, bytes: 0, waitedMs: 0 };
  const limiter = createLimiter({ ...policy, maxWaitMs: retry.maxWaitMs, where, signal, now, sleep });
  const send = createSender(policy);

  const attempt = async (request: RawRequest, facts: CallFacts) => {
    stats.calls += 1;
    try {
      const answer = await send(request);
      stats.bytes += answer.bytes.length;
      return readAnswer(answer, policy, facts);
    } catch (error) {
      if (isCatchmentError(error) || signal.aborted) throw error;
      return { isOk: false, failure: unanswered(error, facts) } as const;
    }
  };

  const factsOf = (method: string, path: string): CallFacts => ({
    call: `${method} ${redactor.redact(path.split('?')[0] ?? '')}`,
    where,
    authField: auth?.field,
    redact: redactor.redact,
  });

  const persist = async <V>(
    facts: CallFacts,
    call: { readonly path: string; readonly account?: string | undefined },
    once: () => Promise<Reading<V>>,
  ): Promise<V> => {
    for (let count = 1; ; count++) {
      stats.waitedMs += await limiter.take(call);
      const reading = await once();
      if (reading.isOk) return reading.value;

      const failure = afterAttempts(reading.failure, count);
      const decision = decide({ attempt: count, retry, failure, now: now(), random });
      if (decision.do === 'give-up') throw decision.error;
      if (decision.do === 'defer') throw deferred(failure, decision.until);
      const facing = {
        call: facts.call,
        attempt: count,
        wait_ms: decision.ms,
        reason: failure.error.message,
      };
      log?.warn(redactor.redactValue(facing), 'the call is sent again');
      await sleep(decision.ms, signal);
      stats.waitedMs += decision.ms;
      stats.retries += 1;
    }
  };

  const request = async (method: 'GET' | 'POST', path: string, content: unknown, call: RequestOptions) => {
    const facts = factsOf(method, path);
    const raw: RawRequest = {
      method,
      url: resolveUrl(path, call.query, policy, where),
      headers: {
        ...call.headers,
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...(auth === undefined ? {} : { [auth.header]: auth.value }),
      },
      body: content === undefined ? undefined : stringifyJson(content),
      signal,
    };
    return persist(facts, { path, account: call.account }, () => attempt(raw, facts));
  };

  const raw = createRaw({
    policy,
    open: createOpen(policy),
    tokens: createGoogleTokens({
      // With an override nothing else is talked to: it brings its own metadata server.
      metadataUrl: policy.isOverride
        ? policy.baseUrl.href
        : (standIns[metadataHost] ?? `http://${metadataHost}`),
      send: (url, headers) => send({ method: 'GET', url, headers, signal }),
      where,
      now,
    }),
    where,
    signal,
    now,
    stats,
    standIns,
    persist: (facts, path, once) =>
      persist(facts, { path }, () =>
        once().catch((error: unknown) => {
          if (!isUnanswered(error) || signal.aborted) throw error;
          return { isOk: false, failure: unanswered(error, facts) };
        }),
      ),
    factsOf,
  });

  const guard = async <V>(call: () => Promise<V>): Promise<V> => {
    if (signal.aborted) throw stopped(signal, where);
    try {
      return await call();
    } catch (error) {
      throw signal.aborted ? stopped(signal, where) : redactor.redactValue(error);
    }
  };
  return {
    stats,
    http: {
      get: (path, call = {}) => guard(() => request('GET', path, undefined, call)),
      post: (path, body, call = {}) => guard(() => request('POST', path, body ?? null, call)),
      send: (call) => guard(() => raw.send(call)),
      charge(bytes) {
        stats.bytesBilled = (stats.bytesBilled ?? 0) + bytes;
      },
      stream: async function* (call, range) {
        const chunks = raw.stream(call, range);
        try {
          for (;;) {
            const { done, value } = await guard(() => chunks.next());
            if (done) return;
            yield value;
          }
        } finally {
          await chunks.return();
        }
      },
    },
  };
}

/** Errors of the network and of got; an error of our own, or of a caller's function, is no reason to send again. */
function isUnanswered(error: unknown): boolean {
  return error instanceof Error && !isCatchmentError(error) && 'code' in error;
}

/** The error hangs on got's request and its headers, so only its text is kept. */
function unanswered(error: unknown, { call, where, redact }: CallFacts): Failure {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  const message = error instanceof Error ? error.message : String(error);
  return {
    error: retryable('network', {
      where,
      what: `${call} got no whole answer`,
      got: redact(`${message}${code}`),
      todo: 'check the network and the vendor’s status page, then run it again',
    }),
  };
}

function afterAttempts(failure: Failure, count: number): Failure {
  if (count === 1) return failure;
  const { facts } = failure.error;
  return {
    ...failure,
    error: new CatchmentError({ ...facts, what: `${facts.what}, after ${count} attempts` }),
  };
}

function stopped({ reason }: AbortSignal, where: string): CatchmentError {
  if (isCatchmentError(reason)) return reason;
  return retryable('cancelled', { where, what: 'the run was stopped', todo: 'run it again' });
}

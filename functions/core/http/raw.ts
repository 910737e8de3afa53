import type { Got } from 'got';
import { retryable } from '../errors.ts';
import type { CallFacts } from './answer.ts';
import type { GoogleTokens } from './google-token.ts';
import { resolveUrl } from './hosts.ts';
import type { ByteRange, HttpStats, RawCall, RawReply } from './http.ts';
import type { NormalPolicy } from './normalize.ts';
import type { Reading } from './read-answer.ts';
import { refusedByStatus } from './read-answer.ts';

/** An answer whose body has not been read yet. */
export interface OpenReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array> & { destroy(): void };
}

export interface RawRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

/** Sends one request once and waits for the headers. Throws what got throws when there are none. */
export type Open = (request: RawRequest) => Promise<OpenReply>;

export interface RawOptions {
  readonly policy: NormalPolicy;
  readonly open: Open;
  readonly tokens: GoogleTokens;
  readonly where: string;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly stats: HttpStats;
  /** Addresses on this machine that stand in for hosts, by host. */
  readonly standIns: Readonly<Record<string, string>>;
  /** Makes attempts until one works, within the rate limits. */
  readonly persist: <V>(facts: CallFacts, path: string, attempt: () => Promise<Reading<V>>) => Promise<V>;
  readonly factsOf: (method: string, path: string) => CallFacts;
}

/** Calls whose answers are bytes. */
export function createRaw(options: RawOptions) {
  const { policy, where, signal, persist, factsOf, stats } = options;

  const openOnce = (call: RawCall, more: Readonly<Record<string, string>> = {}) => {
    const facts = factsOf(call.method, call.url);
    return persist(facts, call.url, () => attempt(options, call, more, facts));
  };

  const send = async (call: RawCall): Promise<RawReply> => {
    const facts = factsOf(call.method, call.url);
    return persist(facts, call.url, async () => {
      const reading = await attempt(options, call, {}, facts);
      if (!reading.isOk) return reading;
      const { status, headers, body } = reading.value;
      const bytes = await collect(body);
      stats.bytes += bytes.length;
      return { isOk: true, value: { status, headers, bytes } };
    });
  };

  async function* stream(
    call: RawCall,
    { from, to }: ByteRange,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let at = from;
    for (let failures = 0; at <= to; ) {
      const begin = at;
      const { status, body } = await openOnce(call, { range: `bytes=${begin}-${to}` });
      let cause: unknown;
      try {
        if (status !== 206 && begin > 0) throw new Error('the server does not give ranges');
        for await (const chunk of body) {
          // A server that knows no ranges goes on behind the end.
          const wanted = chunk.length > to + 1 - at ? chunk.subarray(0, to + 1 - at) : chunk;
          at += wanted.length;
          stats.bytes += wanted.length;
          yield wanted;
          if (at > to) return;
        }
        cause = new Error(`the answer ended after ${at - begin} bytes`);
      } catch (error) {
        cause = error;
      } finally {
        body.destroy();
      }
      if (signal.aborted) throw signal.reason;
      failures = at > begin ? 1 : failures + 1;
      stats.retries += 1;
      if (failures > policy.retry.limit)
        throw retryable('network', {
          where,
          what: `${factsOf(call.method, call.url).call} breaks off at byte ${at} of ${to + 1}, again and again`,
          got: String(cause instanceof Error ? cause.message : cause),
          todo: 'nothing of it was loaded; the next run reads it again',
        });
    }
  }

  return { send, stream };
}

async function attempt(
  { policy, open, tokens, where, signal, now, stats, standIns }: RawOptions,
  call: RawCall,
  more: Readonly<Record<string, string>>,
  facts: CallFacts,
): Promise<Reading<OpenReply>> {
  const { method, body } = call;
  const url = resolveUrl(call.url, call.query, policy, where);
  // Signatures cover a space as %20, and not every store reads a plus as one.
  url.search = url.search.replaceAll('+', '%20');
  for (let isSecond = false; ; isSecond = true) {
    const plain = { ...call.headers, ...more };
    const headers = {
      ...plain,
      ...(call.auth === 'google' && { authorization: `Bearer ${await tokens.get()}` }),
      ...(await call.sign?.({ method, url, headers: plain, body }, now())),
    };
    stats.calls += 1;
    const standIn = standIns[url.host];
    const reply = await open(
      standIn === undefined
        ? { method, url, headers, body, signal }
        : {
            method,
            url: new URL(`${url.pathname}${url.search}`, standIn),
            headers: { ...headers, host: url.host },
            body,
            signal,
          },
    );
    const { status } = reply;
    if ((status >= 200 && status < 300) || call.expect?.includes(status)) return { isOk: true, value: reply };
    const bytes = await collect(reply.body);
    if (status === 401 && call.auth === 'google' && !isSecond) {
      tokens.forget();
      continue;
    }
    if (!policy.retry.statuses.includes(status)) {
      const refused = call.refuse?.({ status, headers: reply.headers, bytes });
      if (refused !== undefined) throw refused;
    }
    const answer = { status, headers: reply.headers, bytes };
    return { isOk: false, failure: refusedByStatus(answer, policy, facts) };
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** got takes 70 ms to load, and a function must be ready before that, so it is loaded by the first call. */
export function createOpen({ timeoutMs }: Pick<NormalPolicy, 'timeoutMs'>): Open {
  let client: Promise<Got> | undefined;
  return async ({ method, url, headers, body, signal }) => {
    client ??= loadGot(timeoutMs);
    const stream = (await client).stream(url, {
      method: method as 'GET',
      headers: { ...headers },
      ...(body === undefined ? {} : { body }),
      signal,
    });
    const response = await new Promise<{
      readonly statusCode: number;
      readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    }>((resolve, reject) => {
      stream.once('response', resolve);
      stream.once('error', reject);
    });
    // Whoever reads the body gets the error; without a listener it would end the process before.
    stream.on('error', () => {});
    const named = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
    return { status: response.statusCode, headers: Object.fromEntries(named), body: stream };
  };
}

async function loadGot(timeoutMs: number): Promise<Got> {
  const [{ default: got }, http, https] = await Promise.all([
    import('got'),
    import('node:http'),
    import('node:https'),
  ]);
  const keepAlive = { keepAlive: true, maxSockets: 32 };
  return got.extend({
    agent: { http: new http.Agent(keepAlive), https: new https.Agent(keepAlive) },
    // An object that is stored packed is counted, checked and resumed as it is stored.
    decompress: false,
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
    // A large object may take hours, but never a minute without a byte.
    timeout: { connect: 10_000, response: timeoutMs, socket: timeoutMs },
    headers: { 'user-agent': 'catchment' },
  }) as Got;
}

import type { Got } from 'got';
import type { NormalPolicy } from './normalize.ts';

export interface RawRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal: AbortSignal;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body, unpacked. */
  readonly bytes: Uint8Array;
}

/** Sends one request once. Throws what got throws when there is no whole answer. */
export type Send = (request: RawRequest) => Promise<RawAnswer>;

/** got takes 70 ms to load, and a function must be ready before that, so it is loaded by the first call. */
export function createSender({ timeoutMs }: Pick<NormalPolicy, 'timeoutMs'>): Send {
  let client: Promise<Got> | undefined;
  return async ({ method, url, headers, body, signal }) => {
    client ??= loadGot(timeoutMs);
    const got = await client;
    const response = await got(url, {
      method,
      headers: { ...headers },
      ...(body === undefined ? {} : { body }),
      signal,
      responseType: 'buffer',
    });
    return { status: response.statusCode, headers: response.headers, bytes: response.rawBody };
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
    decompress: true,
    // Retries, statuses and redirects are for the policy to decide.
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
    timeout: { request: timeoutMs },
    headers: { 'user-agent': 'catchment', accept: 'application/json' },
  });
}

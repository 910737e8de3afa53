import type { Got } from 'got';

export interface RawCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** The answer's bytes stay as they came, packed or not. @default false */
  readonly isRaw?: boolean | undefined;
}

export interface RawReply {
  readonly status: number;
  readonly text: string;
  readonly bytes: Uint8Array;
  /** Names are lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Sends one request once. Throws what got throws when there is no whole answer. */
export type SendOnce = (call: RawCall) => Promise<RawReply>;

/** A call that is silent for longer than this is sent again; jobs go on without us. */
const timeoutMs = 120_000;

/** got takes 70 ms to load, and a function must be ready before that, so it is loaded by the first call. */
export function createSendOnce(): SendOnce {
  let client: Promise<Got> | undefined;
  return async ({ method, url, headers, body, isRaw = false }) => {
    client ??= loadGot();
    const got = await client;
    const reply = await got(url, {
      method,
      headers: { ...headers },
      decompress: !isRaw,
      ...(body === undefined ? {} : { body }),
    });
    return { status: reply.statusCode, text: reply.body, bytes: reply.rawBody, headers: reply.headers };
  };
}

async function loadGot(): Promise<Got> {
  const [{ default: got }, http, https] = await Promise.all([
    import('got'),
    import('node:http'),
    import('node:https'),
  ]);
  const keepAlive = { keepAlive: true, maxSockets: 8 };
  return got.extend({
    agent: { http: new http.Agent(keepAlive), https: new https.Agent(keepAlive) },
    // Attempts and statuses are for the caller to decide.
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
    timeout: { request: timeoutMs },
    headers: { 'user-agent': 'catchment', accept: 'application/json' },
  }) as Got;
}

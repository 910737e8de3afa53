import { z } from 'zod';
import { retryable } from '../../errors.ts';
import type { Refusal } from './errors.ts';
import { bigqueryError, isTransient } from './errors.ts';
import type { RawReply } from './send.ts';
import { createSendOnce } from './send.ts';
import type { BigquerySettings } from './settings.ts';
import { createTokens } from './token.ts';

export interface RestCall {
  /** What is being done, for errors: lower case. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/bigquery/v2/projects/<project>/`; or a whole address that BigQuery itself gave. */
  readonly path: string | URL;
  /** The upload twin of the path. */
  readonly isUpload?: boolean;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: { readonly type: string; readonly bytes: Uint8Array };
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses the caller knows how to take, besides 2xx. */
  readonly expect?: readonly number[];
  /** The answer's bytes are wanted as they came, packed or not. */
  readonly isRaw?: boolean;
  /** Times it is sent when it fails for a passing reason. @default 6 */
  readonly attempts?: number;
}

export interface RestReply {
  readonly status: number;
  readonly json: unknown;
  readonly headers: RawReply['headers'];
  readonly bytes: Uint8Array;
}

/**
 * BigQuery's REST interface with a token in front. A call without an answer is sent again, so each one must bear that:
 * jobs carry ids of our own, and everything else may happen twice.
 *
 * @throws fatal or retryable `warehouse`; retryable `deferred` when a daily quota is used up
 */
export type Rest = (call: RestCall) => Promise<RestReply>;

const usualAttempts = 6;

export function createRest(settings: BigquerySettings): Rest {
  const send = createSendOnce();
  const tokens = createTokens(settings, send);
  return async (call) => {
    const url = urlOf(settings, call);
    const attempts = call.attempts ?? usualAttempts;
    const body = call.body?.bytes ?? (call.json === undefined ? undefined : JSON.stringify(call.json));
    const type = call.body?.type ?? (body === undefined ? undefined : 'application/json');
    let isTokenFresh = false;
    for (let attempt = 1; ; attempt += 1) {
      const headers = {
        ...call.headers,
        ...(type === undefined ? {} : { 'content-type': type }),
        authorization: `Bearer ${await tokens.get()}`,
      };
      let reply: RawReply;
      try {
        reply = await send({ method: call.method, url, headers, body, isRaw: call.isRaw });
      } catch (cause) {
        if (attempt < attempts) {
          await settings.sleep(waitMs(attempt));
          continue;
        }
        throw retryable('warehouse', {
          what: `BigQuery: ${call.what} got no answer (${(cause as Error).message})`,
          todo: 'several attempts failed; run it again later',
        });
      }
      if ((reply.status >= 200 && reply.status < 300) || call.expect?.includes(reply.status))
        return { status: reply.status, json: parse(reply.text), headers: reply.headers, bytes: reply.bytes };
      const refusal = refusalOf(reply);
      if (reply.status === 401 && !isTokenFresh) {
        // A token may be taken back before its time.
        isTokenFresh = true;
        tokens.forget();
        continue;
      }
      const isPassing = reply.status >= 500 || reply.status === 429 || isTransient(refusal);
      if (!isPassing || attempt >= attempts) throw bigqueryError(call.what, refusal, settings.now());
      await settings.sleep(waitMs(attempt));
    }
  };
}

/** Half a second, doubled each time, up to 16 s; shaken, so that functions that started together part. */
export function waitMs(attempt: number): number {
  return Math.min(16_000, 500 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);
}

function urlOf({ bigqueryUrl, project }: BigquerySettings, { path, isUpload, query }: RestCall): URL {
  if (path instanceof URL) return path;
  const prefix = isUpload === true ? '/upload/bigquery/v2' : '/bigquery/v2';
  const url = new URL(`${prefix}/projects/${encodeURIComponent(project)}/${path}`, bigqueryUrl);
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
  return url;
}

const errorBody = z.object({
  error: z.object({
    message: z.string().default(''),
    status: z.string().optional(),
    errors: z.array(z.object({ reason: z.string().optional() })).default([]),
  }),
});

function refusalOf({ status, text }: RawReply): Refusal {
  const result = errorBody.safeParse(parse(text));
  if (!result.success) return { status, reason: '', message: text.slice(0, 200) };
  const { error } = result.data;
  return { status, reason: error.errors[0]?.reason ?? error.status ?? '', message: error.message };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

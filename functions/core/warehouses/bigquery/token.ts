import { z } from 'zod';
import { fatal } from '../../errors.ts';
import type { SendOnce } from './send.ts';
import type { BigquerySettings } from './settings.ts';

/** Access tokens of the service account this process runs as. */
export interface Tokens {
  get(): Promise<string>;
  /** The next `get` asks for a new one. */
  forget(): void;
}

/** A token is not used in its last minute: a request may wait that long. */
const marginMs = 60_000;

const shape = z.object({ access_token: z.string().min(1), expires_in: z.number() });

/** https://cloud.google.com/compute/docs/access/authenticate-workloads#applications */
const path = '/computeMetadata/v1/instance/service-accounts/default/token';

/** Tokens from the metadata server, which every function, job and virtual machine of Google Cloud can reach. */
export function createTokens(settings: BigquerySettings, send: SendOnce): Tokens {
  let current: { readonly token: string; readonly until: number } | undefined;
  return {
    async get() {
      if (current !== undefined && settings.now().getTime() < current.until) return current.token;
      const { access_token, expires_in } = await ask(settings, send);
      const until = settings.now().getTime() + expires_in * 1000 - marginMs;
      current = { token: access_token, until };
      return access_token;
    },
    forget() {
      current = undefined;
    },
  };
}

async function ask({ metadataUrl, sleep }: BigquerySettings, send: SendOnce) {
  const url = new URL(path, metadataUrl);
  let cause: unknown;
  for (let attempt = 0; attempt < 4; attempt += 1) {
    if (attempt > 0) await sleep(250 * 2 ** attempt);
    try {
      const { status, text } = await send({ method: 'GET', url, headers: { 'metadata-flavor': 'Google' } });
      if (status === 200) return shape.parse(JSON.parse(text));
      // The body is left out on purpose: of a half-right answer it could be a token.
      cause = new Error(`the metadata server answered ${status}`);
      if (status < 500 && status !== 429) break;
    } catch (error) {
      cause = error;
    }
  }
  throw fatal('warehouse', {
    what: `no access token for BigQuery could be had from ${url.host}`,
    todo: 'a BigQuery warehouse is written by a deployed function or job, which runs as a service account; use the embedded warehouse elsewhere',
    cause,
  });
}

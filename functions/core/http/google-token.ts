import { fatal } from '../errors.ts';
import type { RawAnswer } from './send.ts';

/** Access tokens of the service account this process runs as. */
export interface GoogleTokens {
  get(): Promise<string>;
  /** The next `get` asks for a new one. */
  forget(): void;
}

export interface GoogleTokenOptions {
  /** Where the metadata server is. */
  readonly metadataUrl: string;
  /** Sends one GET once. */
  readonly send: (url: URL, headers: Readonly<Record<string, string>>) => Promise<RawAnswer>;
  readonly where: string;
  readonly now: () => Date;
}

/** A token is not used in its last minute: a request may wait that long. */
const marginMs = 60_000;
const attempts = 3;

/** https://cloud.google.com/compute/docs/access/authenticate-workloads#applications */
const path = '/computeMetadata/v1/instance/service-accounts/default/token';

/** Tokens from the metadata server, which every function, job and virtual machine of Google Cloud can reach. */
export function createGoogleTokens(options: GoogleTokenOptions): GoogleTokens {
  let current: { readonly token: string; readonly until: number } | undefined;
  return {
    async get() {
      if (current !== undefined && options.now().getTime() < current.until) return current.token;
      const { access_token, expires_in } = await ask(options);
      current = { token: access_token, until: options.now().getTime() + expires_in * 1000 - marginMs };
      return access_token;
    },
    forget() {
      current = undefined;
    },
  };
}

async function ask({ metadataUrl, send, where }: GoogleTokenOptions) {
  const url = new URL(path, metadataUrl);
  let cause: unknown;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      const { status, bytes } = await send(url, { 'metadata-flavor': 'Google' });
      // The body is never shown: of a half-right answer it could be a token.
      if (status === 200) return readToken(new TextDecoder().decode(bytes));
      cause = new Error(`the metadata server answered ${status}`);
      if (status < 500 && status !== 429) break;
    } catch (error) {
      cause = error;
    }
  }
  throw fatal('auth', {
    where,
    what: `no token of a Google service account could be had from ${url.host}`,
    todo: 'gs:// is read by deployed functions and jobs, which run as a service account; elsewhere read the bucket through its S3 interface: root s3://…, endpoint https://storage.googleapis.com, and an HMAC key as the secret',
    cause,
  });
}

function readToken(text: string): { readonly access_token: string; readonly expires_in: number } {
  const { access_token, expires_in } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  if (typeof access_token === 'string' && access_token !== '' && typeof expires_in === 'number')
    return { access_token, expires_in };
  throw new Error('the metadata server gave no token');
}

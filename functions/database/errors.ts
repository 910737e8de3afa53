import type { CatchmentError } from '../core/errors.ts';
import { fatal, retryable } from '../core/errors.ts';
import type { DatabaseSettings } from './source.ts';

/** `host:port/database`, for errors. */
export function placeText({ host = '', port, database = '' }: DatabaseSettings, defaultPort: number): string {
  return `${host}:${port ?? defaultPort}/${database}`;
}

/** A server's message without the lines that quote the data. */
export function firstLine(message: string): string {
  return (message.split('\n')[0] ?? '').slice(0, 300);
}

const tlsCodes = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL|HANDSHAKE_SSL|HANDSHAKE_NO_SSL/;

/** An error of the network or of TLS, with its cause in words. */
export function connectionError(
  cause: Error & { readonly code?: string },
  { where, at, host }: { readonly where: string | undefined; readonly at: string; readonly host: string },
): CatchmentError {
  const { code = '', message } = cause;
  if (code === 'ENOTFOUND' || code === 'EAI_NODATA')
    return fatal('bad-input', {
      where,
      what: 'the host is unknown',
      got: host,
      todo: 'correct `host` of the group in the stack file',
      cause,
    });
  if (code === 'ENOENT' && host.startsWith('/'))
    return fatal('bad-input', { where, what: 'there is no such socket', got: host, cause });
  if (tlsCodes.test(code) || /SSL|TLS|certificate/i.test(message))
    return fatal('auth', {
      where,
      what: `no trusted TLS connection to ${at} (${firstLine(message)})`,
      todo: "put the server's certificate authority into `ca` of the secret, and connect by the name in its certificate",
      cause,
    });
  if (code === 'ECONNREFUSED')
    return retryable('network', {
      where,
      what: `${at} refuses connections`,
      todo: 'is the server up, and are host and port of the group right?',
      cause,
    });
  if (code === 'ETIMEDOUT' || /timeout/i.test(message))
    return retryable('network', {
      where,
      what: `${at} did not answer within 10 seconds`,
      todo: 'does a firewall let this address in, and are host and port of the group right?',
      cause,
    });
  return retryable('network', {
    where,
    what: `the connection to ${at} broke off (${firstLine(message)})`,
    todo: 'nothing of this slice was loaded; the next run reads it again',
    cause,
  });
}

import type { CatchmentError } from '../errors.ts';
import { fatal, isCatchmentError, retryable } from '../errors.ts';

/**
 * Anything `pg` throws, as an error of the kit. The server's own words and its SQLSTATE are kept; they hold no password.
 *
 * - 28xxx: fatal `auth`; 42501 (no permission): fatal `auth`
 * - 3D000 (no such database): fatal `source-setup`
 * - 08xxx, 57Pxx, 53300, a socket that broke: retryable `network`
 * - 40xxx, 55P03, 55006 (in use): retryable `vendor`
 * - anything else: fatal `vendor`
 */
export function postgresError(
  thrown: unknown,
  { where, what, todo }: { readonly where: string; readonly what: string; readonly todo?: string },
): CatchmentError {
  if (isCatchmentError(thrown)) return thrown;
  const code = codeOf(thrown);
  const facts = { where, what: `${what}: ${wordsOf(thrown, code)}`, cause: thrown };
  if (isLost(code, thrown))
    return retryable('network', {
      ...facts,
      todo: todo ?? 'check host, port and network; then run it again',
    });
  if (code?.startsWith('28'))
    return fatal('auth', {
      ...facts,
      todo: todo ?? 'check user and password in the secret, and pg_hba.conf',
    });
  if (code === '42501') return fatal('auth', { ...facts, todo: todo ?? 'grant the role what is missing' });
  if (code === '3D000') return fatal('source-setup', { ...facts, todo: todo ?? 'correct settings.database' });
  if (code?.startsWith('40') || code === '55P03' || code === '55006')
    return retryable('vendor', { ...facts, todo: todo ?? 'run it again' });
  return fatal('vendor', { ...facts, todo });
}

/** The SQLSTATE, or the system's code of a socket error. */
export function codeOf(thrown: unknown): string | undefined {
  const code = (thrown as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

const lostCodes = /^(08...|57P0.|57014|53300|ECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOST\w+|ENET\w+)$/;
/** What `pg` says when a socket closes, without a code. */
const lostWords = /connection terminated|timeout expired|timeout exceeded|not queryable|connection ended/i;

function isLost(code: string | undefined, thrown: unknown): boolean {
  return code === undefined ? isGone(thrown) : lostCodes.test(code);
}

/** True for what the driver itself says of a connection that is no more. */
export function isGone(thrown: unknown): boolean {
  return thrown instanceof Error && lostWords.test(thrown.message);
}

function wordsOf(thrown: unknown, code: string | undefined): string {
  const inner = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  const words = inner instanceof Error && inner.message !== '' ? inner.message : String(code ?? inner);
  return code === undefined || words.includes(code) ? words : `${words} (${code})`;
}

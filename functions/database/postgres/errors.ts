import type { CatchmentError } from '../../core/errors.ts';
import { fatal, isCatchmentError, retryable } from '../../core/errors.ts';
import { connectionError, firstLine, placeText } from '../errors.ts';
import type { PostgresPlace } from './connect.ts';

/** What the driver throws: an error of the server (with its five-character code), or of the network. */
interface Thrown extends Error {
  readonly code?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly detail?: string;
}

/** Any error of the driver as one that says what to do. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function postgresError(thrown: unknown, place: PostgresPlace): CatchmentError {
  if (isCatchmentError(thrown)) return thrown;
  const cause = thrown as Thrown;
  const { code = '', message } = cause;
  const where = place.table;
  const said = firstLine(message);
  const { host = '', database = '' } = place.settings;
  const at = placeText(place.settings, 5432);
  if (code === '28P01' || code === '28000')
    return fatal('auth', {
      where,
      what: `${at} refuses the login of the secret's user (${said})`,
      todo: 'correct user and password in the secret, or let the user in (pg_hba.conf)',
      cause,
    });
  if (code === '3D000')
    return fatal('bad-input', {
      where,
      what: `there is no such database on ${host}`,
      got: database,
      todo: 'correct `database` of the group in the stack file',
      cause,
    });
  if (code === '42501') return permissionError(cause, place);
  if (code === '42P01' || code === '3F000')
    return fatal('bad-input', {
      where,
      what: `the table is not there (${said})`,
      todo: 'was it dropped or renamed, correct `from` in the stack file; what is loaded stays',
      cause,
    });
  if (code === '42703')
    return fatal('bad-schema', {
      where,
      what: `a column is not there (${said})`,
      todo: 'compare the schema file with the table: npx catchment schema infer',
      cause,
    });
  if (code === '57014')
    return retryable('vendor', {
      where,
      what: `the server cancelled the query (${said})`,
      todo: 'raise statementTimeoutSeconds of the group, or put an index on the watermark column',
      cause,
    });
  if (code.startsWith('57P') || code.startsWith('08') || code === '53300')
    return retryable('network', {
      where,
      what: `${at} ended the connection (${said})`,
      todo: 'nothing of this slice was loaded; run it again when the server is up',
      cause,
    });
  if (code.startsWith('40'))
    return retryable('vendor', {
      where,
      what: `the server gave up the transaction (${said})`,
      todo: 'nothing of this slice was loaded; the next run reads it again',
      cause,
    });
  if (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E'))
    return fatal('vendor', {
      where,
      what: `PostgreSQL refuses the query (${said}, ${code})`,
      todo: 'correct `from` or `query` of the table in the stack file',
      cause,
    });
  return connectionError(cause, { where, at, host });
}

function permissionError(cause: Thrown, place: PostgresPlace): CatchmentError {
  const said = firstLine(cause.message);
  const [, kind = 'table', name = place.table ?? 'the table'] =
    /permission denied for (table|relation|view|schema|sequence|foreign table) (.+)/.exec(said) ?? [];
  if (said.includes('row-level security'))
    return fatal('vendor', {
      where: place.table,
      what: `row level security would hide rows of it (${said})`,
      todo: 'let that user see all rows (ALTER ROLE ... BYPASSRLS), or set allowRowSecurity: true to load what the policy shows',
      cause,
    });
  const grant = kind === 'schema' ? `GRANT USAGE ON SCHEMA ${name}` : `GRANT SELECT ON ${name}`;
  return fatal('vendor', {
    where: place.table,
    what: `the secret's user may not read it (${said})`,
    todo: `${grant} TO that user`,
    cause,
  });
}

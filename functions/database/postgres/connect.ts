import type pg from 'pg';
import { fatal } from '../../core/errors.ts';
import type { DatabaseSecret, DatabaseSettings } from '../source.ts';
import { sslModeOf } from '../source.ts';
import { postgresError } from './errors.ts';

/** Values stay the texts that the server sent: nothing is rounded on the way. */
const asTexts = { getTypeParser: () => (text: unknown) => text } as unknown as pg.CustomTypesConfig;

/** What connections and their errors need to know. */
export interface PostgresPlace {
  readonly settings: DatabaseSettings;
  readonly secret: DatabaseSecret;
  readonly signal: AbortSignal;
  /** For errors: the table that is read, or nothing while tables are listed. */
  readonly table?: string | undefined;
}

export interface PostgresConnection {
  readonly client: pg.Client;
  /** Rows as lists of texts; NULL is null. */
  rows(sql: string, values?: readonly unknown[]): Promise<readonly (readonly (string | null)[])[]>;
  /** The columns of an answer, whose rows nobody wants. */
  fields(sql: string): Promise<readonly pg.FieldDef[]>;
  /** Ends at once, also in the middle of a query. */
  close(): void;
}

/**
 * Connects within ten seconds.
 *
 * @throws fatal `auth`, `bad-input` or retryable `network`, each with the cause: host, port, login, database, TLS
 */
export async function connectPostgres(place: PostgresPlace): Promise<PostgresConnection> {
  const { settings, secret, signal } = place;
  if (secret.user === undefined)
    throw fatal('auth', {
      where: place.table,
      what: 'the secret names no user',
      todo: 'store a secret { "user": ..., "password": ... } and name it in the group',
    });
  signal.throwIfAborted();
  const { connectPostgres: connect } = await import('../../core/postgres/connect.ts');
  const client = await connect({
    where: place.table ?? 'database',
    address: {
      host: settings.host ?? '',
      port: settings.port ?? 5432,
      database: settings.database ?? '',
      sslMode: sslModeOf(settings),
    },
    login: { user: secret.user, password: secret.password ?? '', ca: secret.ca },
    // A pooler may give the session to somebody else afterwards.
    session: 'none',
  }).catch((error: Error) => {
    // The driver's own error tells more causes apart.
    throw postgresError(error.cause ?? error, place);
  });
  const close = () => {
    signal.removeEventListener('abort', close);
    // The socket, not a goodbye: a server in the middle of a COPY does not listen.
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    client.end().catch(() => undefined);
  };
  signal.addEventListener('abort', close, { once: true });
  const ask = async (text: string, values: readonly unknown[]) => {
    try {
      // The extended protocol takes one statement only.
      const protocol = { rowMode: 'array' as const, queryMode: 'extended', types: asTexts };
      return await client.query<(string | null)[]>({ text, values: [...values], ...protocol });
    } catch (cause) {
      throw postgresError(cause, place);
    }
  };
  return {
    client,
    close,
    rows: async (sql, values = []) => (await ask(sql, values)).rows,
    fields: async (sql) => (await ask(sql, [])).fields,
  };
}

/**
 * One point in time, read only, with texts in the forms of `core/bytes.ts`.
 *
 * @param snapshot exported by another connection; @default now
 */
export async function beginSnapshot(
  { client }: PostgresConnection,
  place: PostgresPlace,
  snapshot?: string,
): Promise<void> {
  const { statementTimeoutSeconds, allowRowSecurity } = place.settings;
  const statements = [
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
    ...(snapshot === undefined ? [] : [`SET TRANSACTION SNAPSHOT '${snapshot.replaceAll("'", "''")}'`]),
    `SET LOCAL datestyle = 'ISO, YMD'`,
    `SET LOCAL timezone = 'UTC'`,
    `SET LOCAL intervalstyle = 'iso_8601'`,
    `SET LOCAL bytea_output = 'hex'`,
    'SET LOCAL extra_float_digits = 1',
    'SET LOCAL idle_in_transaction_session_timeout = 0',
    // Rows that a policy hides would be missing in silence.
    ...(allowRowSecurity ? [] : ['SET LOCAL row_security = off']),
    // Reading a large table takes as long as it takes, so a role's own limit does not apply.
    `SET LOCAL statement_timeout = '${statementTimeoutSeconds ?? 0}s'`,
  ];
  try {
    await client.query(statements.join('; '));
  } catch (cause) {
    throw postgresError(cause, place);
  }
}

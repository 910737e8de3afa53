import type { Socket } from 'node:net';
import type { Connection, FieldPacket } from 'mysql2/promise';
import { fatal } from '../../core/errors.ts';
import { socketOf } from '../../core/mysql/socket.ts';
import type { DatabaseSecret, DatabaseSettings } from '../source.ts';
import { sslModeOf } from '../source.ts';
import { mysqlError } from './errors.ts';

/** Longest wait for a connection, login included. */
const connectTimeoutMs = 10_000;

/** What connections and their errors need to know. */
export interface MysqlPlace {
  readonly settings: DatabaseSettings;
  readonly secret: DatabaseSecret;
  readonly signal: AbortSignal;
  /** For errors: the table that is read, or nothing while tables are listed. */
  readonly table?: string | undefined;
}

export interface MysqlConnection {
  /** Rows as lists of texts; NULL is null. */
  rows(sql: string): Promise<readonly (readonly (string | null)[])[]>;
  run(sql: string): Promise<void>;
  /** The columns of an answer, whose rows nobody wants. */
  fields(sql: string): Promise<readonly FieldPacket[]>;
  /** The connection's own socket, from now on ours alone: no other function works after this. */
  takeSocket(): Socket;
  /** Ends at once, also in the middle of a query. */
  close(): void;
}

/** What the driver keeps to itself. */
interface Inside {
  readonly connection: { readonly stream: Socket };
}

/**
 * Connects within ten seconds, to a session whose texts have the forms of `core/bytes.ts`.
 *
 * @throws fatal `auth`, `bad-input` or retryable `network`, each with the cause: host, port, login, database, TLS
 */
export async function connectMysql(place: MysqlPlace): Promise<MysqlConnection> {
  const { settings, secret, signal } = place;
  const { host = '', port = 3306, database = '' } = settings;
  if (secret.user === undefined)
    throw fatal('auth', {
      where: place.table,
      what: 'the secret names no user',
      todo: 'store a secret { "user": ..., "password": ... } and name it in the group',
    });
  signal.throwIfAborted();
  const mysql = await import('mysql2/promise');
  let connection: Connection;
  try {
    connection = await mysql.createConnection({
      ...(host.startsWith('/') ? { socketPath: host } : { host, port }),
      ...{ database, user: secret.user, password: secret.password ?? '' },
      ...tlsOf(place),
      ...socketOf(host, port),
      connectTimeout: connectTimeoutMs,
      charset: 'utf8mb4',
      enableKeepAlive: true,
      rowsAsArray: true,
      // Values stay the texts that the server sent: nothing is rounded on the way.
      typeCast: (field) => field.string('utf8'),
      // Statements are sent by our own hands too, in the simple form.
      flags: ['-CLIENT_QUERY_ATTRIBUTES', '-LOCAL_FILES'],
    });
  } catch (cause) {
    throw mysqlError(cause, place);
  }
  // A connection that breaks rejects what runs on it; without a listener it would end the process too.
  connection.on('error', () => undefined);
  const { stream } = (connection as unknown as Inside).connection;
  const close = () => {
    signal.removeEventListener('abort', close);
    stream.destroy();
  };
  signal.addEventListener('abort', close, { once: true });
  const ask = async (sql: string) => {
    try {
      return await connection.query(sql);
    } catch (cause) {
      throw mysqlError(cause, place);
    }
  };
  const opened: MysqlConnection = {
    close,
    rows: async (sql) => (await ask(sql))[0] as unknown as (string | null)[][],
    run: async (sql) => void (await ask(sql)),
    fields: async (sql) => (await ask(sql))[1],
    takeSocket() {
      stream.removeAllListeners('data');
      stream.pause();
      return stream;
    },
  };
  try {
    await prepareSession(opened, settings);
    return opened;
  } catch (error) {
    close();
    throw error;
  }
}

/** One point in time, read only. Tables of engines without transactions are read as they are at that moment. */
export async function beginSnapshot(connection: MysqlConnection): Promise<void> {
  await connection.run('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
}

async function prepareSession(connection: MysqlConnection, settings: DatabaseSettings): Promise<void> {
  await connection.run('SET NAMES utf8mb4');
  await connection.run(
    [
      `SET SESSION time_zone = '+00:00'`,
      `sql_mode = ''`,
      // A limit of the server's start-up statements would cut the table in silence.
      'sql_select_limit = 18446744073709551615',
      // The server gives up a reader that is slow for a minute: ours may wait for a warehouse.
      'net_write_timeout = 3600',
      'wait_timeout = 28800',
    ].join(', '),
  );
  await connection.run('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  const [[version = ''] = []] = await connection.rows('SELECT version()');
  const seconds = settings.statementTimeoutSeconds;
  const limit = version?.includes('MariaDB')
    ? `max_statement_time = ${seconds ?? 0}`
    : `max_execution_time = ${(seconds ?? 0) * 1000}`;
  await connection.run(`SET SESSION ${limit}`);
}

function tlsOf({ settings, secret: { ca } }: MysqlPlace) {
  const mode = sslModeOf(settings);
  if (mode === 'disable') return {};
  const isVerified = mode === 'verify-full';
  const ssl = {
    rejectUnauthorized: isVerified,
    verifyIdentity: isVerified,
    ...(ca === undefined ? {} : { ca }),
  };
  return { ssl };
}

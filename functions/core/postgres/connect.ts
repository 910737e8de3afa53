import type { Client, ClientConfig } from 'pg';
import { fatal } from '../errors.ts';
import { postgresError } from './error.ts';

/** Where a PostgreSQL server is and how to talk to it. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** As libpq's sslmode. @default "verify-full", "disable" on this machine */
  readonly sslMode?: 'disable' | 'require' | 'verify-full' | undefined;
}

/** The secret of a group that reads PostgreSQL. */
export interface PostgresLogin {
  readonly user: string;
  readonly password: string;
  /** Certificate authority in PEM, for servers whose certificate no public one has signed. */
  readonly ca?: string | undefined;
}

export interface ConnectOptions {
  /** For errors. */
  readonly where: string;
  readonly address: PostgresAddress;
  readonly login: PostgresLogin;
  /** Opens a walsender session, which takes replication commands and simple queries. @default false */
  readonly isReplication?: boolean;
  /** What the server's activity views call this connection. @default "catchment" */
  readonly applicationName?: string;
  /**
   * How the settings of the session are made: by the `startup` packet, which poolers such as PgBouncer refuse; by a
   * `statement`; or not at all, for those who make them in each transaction. @default "startup"
   */
  readonly session?: 'startup' | 'statement' | 'none';
}

/** Longest wait for a connection, login included. */
const connectTimeoutMs = 10_000;

/**
 * Settings of the session that make texts the same everywhere: dates in ISO and UTC, bytes in hexadecimal, floats with all
 * digits. Reading a large table takes as long as it takes, so a role's time limits do not apply.
 */
const sessionSettings = {
  timezone: 'UTC',
  datestyle: 'ISO',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/**
 * Connects to a PostgreSQL server. An error that strikes the idle connection later is met by the next query.
 *
 * @throws fatal `auth`, fatal `source-setup` (no such database), retryable `network`
 */
export async function connectPostgres(options: ConnectOptions): Promise<Client> {
  const { where, address, login, session = 'startup' } = options;
  const { default: pg } = await import('pg');
  const config: ClientConfig & { replication?: string } = {
    host: address.host,
    port: address.port,
    database: address.database,
    user: login.user,
    password: login.password,
    ssl: tlsOf(address, login),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    application_name: options.applicationName ?? 'catchment',
    ...(session === 'startup' ? { options: settingsAs((name, value) => `-c ${name}=${value}`, ' ') } : {}),
    ...(options.isReplication === true ? { replication: 'database' } : {}),
  };
  const client = new pg.Client(config);
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (session === 'statement')
      await client.query(settingsAs((name, value) => `SET ${name} = '${value}'`, '; '));
    return client;
  } catch (cause) {
    throw postgresError(cause, { where, what: `cannot connect to ${nameOf(address)}` });
  }
}

function settingsAs(write: (name: string, value: string) => string, separator: string): string {
  return Object.entries(sessionSettings)
    .map(([name, value]) => write(name, value))
    .join(separator);
}

/** `host:port/database`, for messages. */
export function nameOf({ host, port, database }: PostgresAddress): string {
  return `${host}:${port}/${database}`;
}

function tlsOf({ host, sslMode }: PostgresAddress, { ca }: PostgresLogin): ClientConfig['ssl'] {
  const mode = sslMode ?? (isThisMachine(host) ? 'disable' : 'verify-full');
  if (mode === 'disable') return false;
  if (mode === 'require') return { rejectUnauthorized: false };
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----'))
    throw fatal('bad-input', { what: 'the secret\'s "ca" is no certificate', allowed: 'a PEM' });
  return { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1' || host.startsWith('/');
}

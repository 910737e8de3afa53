import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, QueryResult } from 'pg';
import { z } from 'zod';
import { fatal, isCatchmentError } from '../../errors.ts';
import type { WarehouseConfig } from '../../pipeline.ts';
import { connectPostgres, nameOf } from '../../postgres/connect.ts';
import { isConflict, postgresError } from './errors.ts';
import { refuseSharedSessions } from './pooler.ts';

export type PostgresConfig = Extract<WarehouseConfig, { kind: 'postgres' }>;

/** A connection inside a transaction, or outside of any. */
export interface Sql {
  readonly client: Client;
  /** The server or the way to it is gone. */
  readonly isLost: boolean;
  run(text: string, values?: readonly unknown[]): Promise<number>;
  rows(text: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** The first row's columns as numbers. */
  counts(text: string): Promise<readonly number[]>;
}

/** A database and its few connections. Errors come out as errors of the kit. */
export interface Database {
  /** `host:port/database`, for messages. */
  readonly place: string;
  /** A connection of the caller's own, until it is given back. */
  connect(): Promise<Sql>;
  /** Broken connections are closed, others used again. */
  giveBack(sql: Sql, isBroken?: boolean): Promise<void>;
  /** Runs in one transaction; any error rolls back. Runs again when another transaction was in the way. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Runs outside of a transaction: each statement is one. */
  run<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Any error of `pg` as one of the kit. */
  explain(error: unknown, where?: string): Error;
  close(): Promise<void>;
}

const secretShape = z.object({ user: z.string(), password: z.string(), ca: z.string().optional() });

/** Idle connections that are kept. */
const mostIdle = 3;

/** Attempts of a transaction that others were in the way of. */
const attempts = 5;

/** Opens a database: the first connection is made here, so a wrong address or login shows at once. */
export async function openDatabase(config: PostgresConfig, secret: unknown): Promise<Database> {
  const { name, host, port = 5432, database, sslMode } = config;
  const login = readSecret(name, secret);
  const address = { host, port, database, sslMode };
  const place = nameOf(address);
  const idle: Sql[] = [];
  let isClosed = false;

  const explain = (error: unknown, where?: string) => postgresError(error, place, where);

  const connect = async (): Promise<Sql> => {
    for (let known = idle.pop(); known !== undefined; known = idle.pop()) if (!known.isLost) return known;
    try {
      const client = await connectPostgres({ where: name, address, login, session: 'statement' });
      // Compiling plans costs more than these statements take.
      await client.query(`SET jit = off; SET datestyle = 'ISO, YMD'; SET lock_timeout = 0`);
      return sqlOn(client);
    } catch (error) {
      throw explain(isCatchmentError(error) && error.cause !== undefined ? error.cause : error, name);
    }
  };

  const giveBack = async (sql: Sql, isBroken = false): Promise<void> => {
    if (isBroken || sql.isLost || isClosed || idle.length >= mostIdle)
      await sql.client.end().catch(() => undefined);
    else idle.push(sql);
  };

  const run: Database['run'] = async (work) => {
    const sql = await connect();
    let isBroken = true;
    try {
      const result = await work(sql);
      isBroken = false;
      return result;
    } catch (error) {
      // A statement that failed by itself leaves a good connection.
      isBroken = await sql.run('SELECT 1').then(
        () => false,
        () => true,
      );
      throw explain(error);
    } finally {
      await giveBack(sql, isBroken);
    }
  };

  const first = await connect();
  try {
    await refuseSharedSessions(first, connect, giveBack, { name, place });
  } finally {
    await giveBack(first);
  }
  return {
    place,
    connect,
    giveBack,
    run,
    explain,
    async transaction(work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await run((sql) => inTransaction(sql, () => work(sql)));
        } catch (error) {
          const isRetried = isCatchmentError(error) && isConflict(error.cause) && attempt < attempts;
          if (!isRetried) throw error;
          await sleep(10 * 2 ** attempt);
        }
      }
    },
    async close() {
      isClosed = true;
      await Promise.all(idle.splice(0).map(({ client }) => client.end().catch(() => undefined)));
    },
  };
}

async function inTransaction<T>(sql: Sql, work: () => Promise<T>): Promise<T> {
  await sql.run('BEGIN');
  try {
    const result = await work();
    await sql.run('COMMIT');
    return result;
  } catch (error) {
    await sql.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function sqlOn(client: Client): Sql {
  const query = (text: string, values?: readonly unknown[]): Promise<QueryResult> =>
    values === undefined ? client.query(text) : client.query(text, [...values]);
  let isLost = false;
  const lose = () => {
    isLost = true;
  };
  client.once('end', lose);
  client.on('error', lose);
  return {
    client,
    get isLost() {
      return isLost;
    },
    run: async (text, values) => (await query(text, values)).rowCount ?? 0,
    rows: async (text, values) => (await query(text, values)).rows as Readonly<Record<string, unknown>>[],
    async counts(text) {
      const { rows } = await client.query({ text, rowMode: 'array' });
      return ((rows[0] ?? []) as unknown[]).map(Number);
    },
  };
}

function readSecret(name: string, secret: unknown): z.output<typeof secretShape> {
  if (secret === undefined)
    return { user: process.env.PGUSER ?? userInfo().username, password: process.env.PGPASSWORD ?? '' };
  const read = secretShape.safeParse(secret);
  if (read.success) return read.data;
  throw fatal('bad-input', {
    where: name,
    what: "the warehouse's secret has another shape",
    got: read.error.issues.map(({ path }) => path.join('.')).join(', '),
    allowed: '{ "user": "…", "password": "…", "ca": "PEM, if needed" }',
    todo: 'set the secret anew',
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresServer } from '../setup/postgres.ts';
import type { Replication, TableEntry } from './pipeline.ts';

/** A database of its own for one test, with a writer's connection. */
export interface SourceDatabase {
  readonly name: string;
  /** Runs one statement after another, each in a transaction of its own. */
  sql(...statements: string[]): Promise<void>;
  /** Rows as lists of texts. */
  rows(sql: string): Promise<unknown[][]>;
  /** A pipeline that replicates tables of this database; the slot is named after it, since slots are the server's. */
  replication(tables: Readonly<Record<string, TableEntry>>, settings?: Record<string, unknown>): Replication;
  /** After the server was restarted. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
}

export async function openSource(server: PostgresServer): Promise<SourceDatabase> {
  const name = await server.createDatabase();
  const { host, port, user, password } = server;
  const connect = async (): Promise<pg.Client> => {
    const opened = new pg.Client({ host, port, user, password, database: name });
    opened.on('error', () => undefined);
    await opened.connect();
    await opened.query(`SET timezone = 'UTC'; SET datestyle = 'ISO'; SET bytea_output = 'hex'`);
    return opened;
  };
  let client = await connect();
  return {
    name,
    async sql(...statements) {
      for (const statement of statements) await client.query(statement);
    },
    async rows(sql) {
      const { rows } = await client.query({
        text: sql,
        rowMode: 'array',
        types: { getTypeParser: () => (text: string) => text },
      } as pg.QueryArrayConfig);
      return rows;
    },
    replication: (tables, settings) => ({
      address: { host, port, database: name },
      login: { user, password },
      tables,
      settings: { slot: `slot_${name}`, ...settings },
    }),
    async reconnect() {
      client = await connect();
    },
    async close() {
      await client.query(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database() AND NOT active`,
      );
      await client.end();
    },
  };
}

/** Waits for something that another process brings about. */
export async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await isTrue()) return;
    await sleep(25);
  }
  throw new Error(`never came true: ${what}`);
}

import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { source } from '../../functions/database/source.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import type { DatabaseHost, HostTable } from './host.ts';
import { openHost } from './host.ts';

/** A PostgreSQL server for the tests of one file, and one warehouse at a time that is loaded from it. */
export interface DatabaseUnderTest {
  readonly server: PostgresServer;
  /** A superuser's connection; replaced by `reconnect`. */
  readonly admin: pg.Client;
  /** A fresh warehouse for the tables of one test. */
  open(
    tables: Readonly<Record<string, HostTable>>,
    settings?: object,
    secret?: object,
  ): Promise<DatabaseHost>;
  connect(): Promise<pg.Client>;
  /** After a restart of the server. */
  reconnect(): Promise<void>;
}

export function usePostgresDatabase(): DatabaseUnderTest {
  let server: PostgresServer;
  let admin: pg.Client;
  let host: DatabaseHost | undefined;

  const connect = async () => {
    const client = new pg.Client({ ...server, database: server.database });
    await client.connect();
    return client;
  };

  beforeAll(async () => {
    server = await startPostgres();
    admin = await connect();
  }, 60_000);

  afterAll(async () => {
    await host?.close();
    await admin?.end();
    await server?.stop();
  });

  return {
    get server() {
      return server;
    },
    get admin() {
      return admin;
    },
    connect,
    async reconnect() {
      admin = await connect();
    },
    async open(tables, settings = {}, secret = {}) {
      await host?.close();
      const { host: address, port, database, user, password } = server;
      host = await openHost({
        settings: source.settings.parse({ kind: 'postgres', host: address, port, database, ...settings }),
        secret: { user, password, ...secret },
        tables,
      });
      return host;
    },
  };
}

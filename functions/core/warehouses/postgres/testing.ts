import pg from 'pg';
import { to } from 'pg-copy-streams';
import type { PostgresServer } from '../../../../tests/setup/postgres.ts';
import { usePostgres } from '../../../../tests/setup/use-postgres.ts';
import type { ByteStream } from '../../bytes.ts';
import type { Warehouse } from '../warehouse.ts';
import { openPostgres } from './warehouse.ts';

/** A server for the tests of one file. */
export interface ServerFixture {
  readonly server: PostgresServer;
  /** Opens a place of the conformance suite: each is a database of its own. */
  open(place: string): Promise<Warehouse>;
  /** The database of a place. */
  databaseOf(place: string): Promise<string>;
  /** A plain connection to a place, as a superuser; close it. */
  connect(place: string): Promise<pg.Client>;
  /** Runs one statement at a place, as a superuser. */
  run(place: string, sql: string): Promise<pg.QueryResult>;
}

export function useServer(settings: Readonly<Record<string, string>> = {}): ServerFixture {
  const server = usePostgres(settings);
  const databases = new Map<string, Promise<string>>();
  const databaseOf = (place: string) => {
    const database = databases.get(place) ?? server().createDatabase();
    databases.set(place, database);
    return database;
  };
  const connect = async (place: string) => {
    const { host, port, user, password } = server();
    const client = new pg.Client({ host, port, user, password, database: await databaseOf(place) });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };

  return {
    get server() {
      return server();
    },
    databaseOf,
    connect,
    async open(place) {
      const { host, port, user, password } = server();
      const database = await databaseOf(place);
      return openPostgres({ name: 'main', kind: 'postgres', host, port, database }, { user, password });
    },
    async run(place, sql) {
      const client = await connect(place);
      try {
        return await client.query(sql);
      } finally {
        await client.end();
      }
    },
  };
}

/** Rows of a query as a PostgreSQL source streams them: binary, or csv. */
export function copyStream(
  fixture: ServerFixture,
  {
    place,
    sql,
    columns,
  }: { readonly place: string; readonly sql: string; readonly columns: readonly string[] },
): ByteStream {
  return {
    formats: ['csv', 'pgcopy'],
    columns,
    open(format) {
      let rows: number | undefined;
      const options = format === 'pgcopy' ? 'FORMAT binary' : `FORMAT csv, NULL '\\N'`;
      async function* chunks() {
        const client = await fixture.connect(place);
        try {
          await client.query(`SET timezone = 'UTC'`);
          const copy = client.query(to(`COPY (${sql}) TO STDOUT (${options})`));
          for await (const chunk of copy) yield chunk as Uint8Array;
          rows = copy.rowCount;
        } finally {
          await client.end().catch(() => undefined);
        }
      }
      return { chunks: chunks(), rows: () => rows };
    },
  };
}

import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openPostgres } from '../../functions/core/warehouses/postgres/warehouse.ts';
import { source } from '../../functions/database/source.ts';
import type { Pooler } from '../setup/pgbouncer.ts';
import { startPgbouncer } from '../setup/pgbouncer.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import { unavailable } from '../setup/unavailable.ts';
import { column, openHost } from './host.ts';

const why = unavailable('postgres') ?? unavailable('pgbouncer');
let server: PostgresServer;
let poolers: Readonly<Record<'session' | 'transaction', Pooler>>;

beforeAll(async () => {
  if (why !== undefined) return;
  server = await startPostgres();
  // Sessions begin with what their role is given.
  await withClient(server, (client) =>
    client.query(
      `ALTER ROLE ${server.user} SET statement_timeout = '77s'; ALTER ROLE ${server.user} SET bytea_output = 'escape'`,
    ),
  );
  poolers = {
    session: await startPgbouncer(server, 'session'),
    transaction: await startPgbouncer(server, 'transaction'),
  };
}, 60_000);

beforeEach((context) => {
  if (why !== undefined) context.skip(why);
});

afterAll(async () => {
  for (const pooler of Object.values(poolers ?? {})) await pooler.stop();
  await server?.stop();
});

const columns = [column('id', 'INTEGER', 'REQUIRED'), column('at', 'TIMESTAMP')];

async function withClient<T>(
  { host, port }: Pick<Pooler, 'host' | 'port'>,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { user, password, database } = server;
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The warehouse behind a pooler. */
const open = ({ host, port }: Pooler) =>
  openPostgres(
    { name: 'main', kind: 'postgres', host, port, database: server.database },
    { user: server.user, password: server.password },
  );

it('a source is read through a pooler by transaction, by several connections, and leaves no setting behind', async () => {
  // More pages than one connection reads alone.
  await withClient(server, (client) =>
    client.query(`CREATE TABLE big (id int PRIMARY KEY, at timestamptz, filler text);
      INSERT INTO big SELECT i, timestamptz '2026-01-01 00:00:00+00' + i * interval '1 second', repeat('x', 500)
      FROM generate_series(1, 160000) i; ANALYZE big`),
  );
  const { host, port } = poolers.transaction;
  const { user, password, database } = server;
  const tested = await openHost({
    settings: source.settings.parse({ kind: 'postgres', host, port, database, readers: 2 }),
    secret: { user, password },
    tables: { big: { columns, options: { from: 'public.big' } } },
  });
  expect((await tested.run()).run).toMatchObject({ status: 'succeeded', rowsRead: 160_000 });
  expect(
    await tested.rows(
      `SELECT count(*)::int, count(DISTINCT id)::int, strftime(max("at") AT TIME ZONE 'UTC', '%H:%M:%S') FROM copy.big`,
    ),
  ).toEqual([[160_000, 160_000, '20:26:40']]);
  await tested.close();
  const settings = `SELECT current_setting('bytea_output') AS bytes, current_setting('statement_timeout') AS stop`;
  const { rows } = await withClient(poolers.transaction, (client) => client.query(settings));
  expect(rows).toEqual([{ bytes: 'escape', stop: '77s' }]);
}, 60_000);

it('a warehouse is refused behind a pooler by transaction, with what to set', async () => {
  await expect(open(poolers.transaction)).rejects.toThrow(
    `[main] a connection pooler at 127.0.0.1:${poolers.transaction.port}/postgres gives its sessions to several connections, ` +
      'as PgBouncer does by transaction or statement: got "one session for two connections"; allowed: pool_mode = session; set ' +
      'that for this database or user in the pooler, or name the host and port of the server itself',
  );
}, 60_000);

it('a warehouse works behind a pooler by session, with settings of its own', async () => {
  const warehouse = await open(poolers.session);
  expect((await warehouse.query(`SELECT current_setting('bytea_output')`)).rows).toEqual([['hex']]);
  const stage = await warehouse.openStage(
    {
      ...{ declared: 't', name: 't', schema: 's/t', dataset: 'd', key: ['id'], writeMode: 'merge' },
      columns,
      cursor: { kind: 'snapshot' },
    },
    '-',
  );
  await stage.append({ rows: 1, values: [[1n], [0n], ['-'], [null]] });
  expect(stage.rows).toBe(1);
  await stage.discard();
  await warehouse.close();
}, 60_000);

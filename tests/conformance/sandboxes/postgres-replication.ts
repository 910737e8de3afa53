import pg from 'pg';
import type { Fault, Sandbox, SandboxOptions } from '../../../functions/core/sandbox.ts';
import { startPostgres } from '../../setup/postgres.ts';

export const faults: readonly Fault[] = [
  {
    name: 'wrong-password',
    what: 'the password was changed',
    ends: 'failed',
    says: 'password authentication failed',
  },
  {
    name: 'no-replication',
    what: 'the role may no longer replicate',
    ends: 'failed',
    says: 'ALTER ROLE <role> REPLICATION',
  },
  {
    name: 'publication-dropped',
    what: 'the publication is gone',
    ends: 'failed',
    says: 'there is no publication \\"shop\\"',
  },
  {
    name: 'slot-dropped',
    what: 'the slot is gone before anything was read',
    ends: 'failed',
    says: 'there is no replication slot \\"shop\\"',
  },
  {
    name: 'no-identity',
    what: 'a table tells its rows apart no longer',
    ends: 'failed',
    says: 'public.orders has no replica identity',
  },
];

const breakages: Readonly<Record<string, string>> = {
  'wrong-password': `ALTER ROLE shop_replica_role PASSWORD 'another-password'`,
  'no-replication': 'ALTER ROLE shop_replica_role NOREPLICATION',
  'publication-dropped': 'DROP PUBLICATION shop',
  'slot-dropped': `SELECT pg_drop_replication_slot('shop')`,
  'no-identity': 'ALTER TABLE orders REPLICA IDENTITY NOTHING',
};

const secret = { user: 'shop_replica_role', password: 'shop-replica-password' };

/** The sandbox of a database is a database: a PostgreSQL server with a small shop that was set up as the README says. */
export async function startSandbox({ fault }: SandboxOptions = {}): Promise<Sandbox> {
  const server = await startPostgres();
  const admin = new pg.Client({ ...server, database: server.database });
  await admin.connect();
  await admin.query(`
    CREATE TABLE orders (id int PRIMARY KEY, customer text, total numeric(12,2), items jsonb, note text,
      updated_at timestamptz);
    INSERT INTO orders SELECT i, 'customer ' || i % 50, i * 1.25, jsonb_build_object('sku', i), 'note ' || i,
      timestamptz '2026-11-01 00:00:00+00' + i * interval '1 minute' FROM generate_series(1, 500) i;
    CREATE ROLE shop_replica_role LOGIN REPLICATION PASSWORD '${secret.password}';
    GRANT SELECT ON orders TO shop_replica_role;
    CREATE PUBLICATION shop FOR TABLE orders`);
  await admin.query(`SELECT pg_create_logical_replication_slot('shop', 'pgoutput')`);
  // What comes after the slot is in its log, and in the copy too.
  await admin.query(
    `UPDATE orders SET note = note || '!' WHERE id % 2 = 0; DELETE FROM orders WHERE id > 490`,
  );
  if (fault !== undefined) await admin.query(breakages[fault] ?? '');
  await admin.end();
  const { host, port, database } = server;
  return {
    baseUrl: undefined,
    secret,
    settings: { host, port, database, publication: 'shop', slot: 'shop' },
    tables: { orders: { from: 'public.orders', key: ['id'] } },
    requests: [],
    close: () => server.stop(),
  };
}

import pg from 'pg';
import type { Fault, Sandbox, SandboxOptions } from '../../../functions/core/sandbox.ts';
import { startPostgres } from '../../setup/postgres.ts';

export const faults: readonly Fault[] = [
  {
    name: 'wrong-password',
    what: 'the password was changed',
    ends: 'failed',
    says: "refuses the login of the secret's user",
  },
  {
    name: 'permission-revoked',
    what: 'the user may no longer read a table',
    ends: 'partial',
    says: 'GRANT SELECT ON countries TO that user',
  },
  {
    name: 'table-dropped',
    what: 'a table is gone',
    ends: 'partial',
    says: 'does not exist',
  },
  {
    name: 'column-renamed',
    what: 'a column has another name than in the schema file',
    ends: 'partial',
    says: 'public.orders lacks "total", which the schema file names, and has "amount"',
  },
  {
    name: 'connections-used-up',
    what: 'the server takes no more connections of this user',
    ends: 'failed',
    says: 'too many connections for role',
  },
];

const breakages: Readonly<Record<string, string>> = {
  'wrong-password': `ALTER ROLE shop_reader_role PASSWORD 'another-password'`,
  'permission-revoked': 'REVOKE SELECT ON countries FROM shop_reader_role',
  'table-dropped': 'DROP TABLE countries',
  'column-renamed': 'ALTER TABLE orders RENAME total TO amount',
  'connections-used-up': 'ALTER ROLE shop_reader_role CONNECTION LIMIT 0',
};

const secret = { user: 'shop_reader_role', password: 'shop-reader-password' };

/** The sandbox of a database is a database: a PostgreSQL server with a small shop, and a user who may only read it. */
export async function startSandbox({ fault }: SandboxOptions = {}): Promise<Sandbox> {
  const server = await startPostgres();
  const admin = new pg.Client({ ...server, database: server.database });
  await admin.connect();
  await admin.query(`
    CREATE TABLE orders (id int PRIMARY KEY, customer text, country char(2), total numeric(12,2), items jsonb,
      is_paid boolean, updated_at timestamptz);
    INSERT INTO orders SELECT i, 'customer ' || i % 50, CASE i % 3 WHEN 0 THEN 'IT' ELSE 'DE' END, i * 1.25,
      jsonb_build_object('sku', i), i % 2 = 0, timestamptz '2026-11-01 00:00:00+00' + i / 3 * interval '1 minute'
      FROM generate_series(1, 1000) i;
    CREATE TABLE countries (code char(2), "Name (en)" text, since date);
    INSERT INTO countries VALUES ('DE', 'Germany', '2020-01-01'), ('IT', 'Italy', '2021-05-01');
    CREATE ROLE shop_reader_role LOGIN PASSWORD '${secret.password}';
    GRANT SELECT ON orders, countries TO shop_reader_role`);
  if (fault !== undefined) await admin.query(breakages[fault] ?? '');
  await admin.end();
  return {
    baseUrl: undefined,
    secret,
    settings: { kind: 'postgres', host: server.host, port: server.port, database: server.database },
    tables: {
      orders: { from: 'public.orders', key: ['id'], watermark: 'updated_at', chunkRows: 300 },
      countries: { from: 'public.countries' },
    },
    requests: [],
    close: () => server.stop(),
  };
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Project } from '../../cli/testing/project.ts';
import { makeProject } from '../../cli/testing/project.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';

let server: PostgresServer;
let admin: pg.Client;
let project: Project;

const stack = (tables: string) => `
config:
  catchment:estate:
    warehouses:
      main: { kind: duckdb, path: .catchment/estate.duckdb }
    pipelines:
      shop:
        source: postgres-replication
        groups: { main: { secret: shop-db, host: 127.0.0.1, port: ${server.port}, database: postgres, publication: pub, slot: shop } }
        ${tables}
`;

const sales = `
        tables: { sales: { from: public.orders, key: [order_id], deletedAt: deleted_at, without: [secret] } }`;

beforeAll(async () => {
  server = await startPostgres();
  admin = new pg.Client({ ...server, database: server.database });
  await admin.connect();
  await admin.query(`CREATE DOMAIN euros AS numeric(12,2);
    CREATE TABLE orders ("Order ID" int PRIMARY KEY, total euros, secret text, made timestamptz NOT NULL,
      double numeric GENERATED ALWAYS AS (2) STORED);
    INSERT INTO orders VALUES (1, 3.5, 's', '2024-01-01 00:00:00Z'), (2, NULL, NULL, '2024-01-02 00:00:00Z');
    CREATE TABLE days (day date NOT NULL, hits int) PARTITION BY RANGE (day);
    CREATE TABLE days_2024 PARTITION OF days FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE DOMAIN price AS euros; CREATE DOMAIN moment AS timestamptz; CREATE DOMAIN grid AS int[][];
    CREATE TABLE wrapped (id int PRIMARY KEY, price price, seen moment NOT NULL, flags euros[], counts grid, names text[]);
    CREATE TABLE visits (at timestamp, page text);
    ALTER TABLE visits REPLICA IDENTITY FULL;
    CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY);
    CREATE VIEW totals AS SELECT sum(total) FROM orders;
    ANALYZE orders`);
  project = makeProject(stack(''), ['postgres-replication']);
  const { user, password } = server;
  project.write('.catchment/secrets/shop-db.json', JSON.stringify({ user, password }));
}, 60_000);

afterAll(async () => {
  project?.remove();
  await admin?.end();
  await server?.stop();
});

it('lists what can be replicated: logged tables, of partitioned ones the root', async () => {
  const { code, out, err } = await project.catchment('peek', 'shop', '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const options = (from: string) => ({ from, without: [] });
  expect(JSON.parse(out)).toMatchObject([
    { name: 'public.days', kind: 'table', options: options('public.days') },
    { name: 'public.orders', kind: 'table', rows: 2, options: options('public.orders') },
    { name: 'public.visits', kind: 'table', options: options('public.visits') },
    { name: 'public.wrapped', kind: 'table', options: options('public.wrapped') },
  ]);
}, 60_000);

it('shows columns under legal names, the key, the first rows, and what is not replicated', async () => {
  const { out } = await project.catchment('peek', 'shop', 'public.orders', '--rows', '1');
  expect(out.split('\n')).toEqual([
    'public.orders: about 2 rows, 4 columns, key order_id',
    '',
    'column    type       mode      in the source',
    '────────  ─────────  ────────  ────────────────────────',
    'order_id  INTEGER    REQUIRED  "Order ID" integer',
    'total     NUMERIC    NULLABLE  euros',
    'secret    STRING     NULLABLE  text',
    'made      TIMESTAMP  REQUIRED  timestamp with time zone',
    '',
    expect.stringContaining('order_id'),
    expect.stringContaining('─'),
    expect.stringMatching(/1 .*3\.50 .*s .*2024-01-01 00:00:00\+00/),
    '',
    'note: double is generated, and PostgreSQL does not replicate it: it is left out',
    '',
  ]);
}, 60_000);

it.each([
  ['public.days', /public\.days has no replica identity, .*: give it a primary key, or ALTER TABLE/],
  ['public.visits', /public\.visits has no primary key: name in key what tells its rows apart/],
])(
  'says what %s lacks',
  async (table, words) => {
    expect((await project.catchment('peek', 'shop', table)).out).toMatch(words);
  },
  60_000,
);

it('writes the schema file of an entry: without what is left out, with the mark of soft deletes', async () => {
  project.write('stacks/Pulumi.local.yaml', stack(sales));
  const { code, err } = await project.catchment('schema', 'infer', 'shop', 'sales');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(readFileSync(join(project.root, 'schemas/postgres-replication/sales.json'), 'utf8')).toBe(`[
  { "name": "order_id", "type": "INTEGER", "mode": "REQUIRED", "sourceName": "Order ID", "sourceType": "integer" },
  { "name": "total", "type": "NUMERIC", "mode": "NULLABLE", "sourceType": "euros" },
  { "name": "made", "type": "TIMESTAMP", "mode": "REQUIRED", "sourceType": "timestamp with time zone" },
  { "name": "deleted_at", "type": "TIMESTAMP", "mode": "NULLABLE" }
]
`);
}, 60_000);

it('takes a domain as the type it is made of, through domains of domains, in lists and of lists', async () => {
  const { out } = await project.catchment('peek', 'shop', 'public.wrapped', '--rows', '0');
  expect(out.split('\n').slice(4, 10)).toEqual([
    'id      INTEGER    REQUIRED  integer',
    'price   NUMERIC    NULLABLE  price',
    'seen    TIMESTAMP  REQUIRED  moment',
    'flags   JSON       NULLABLE  euros[]',
    'counts  JSON       NULLABLE  grid',
    'names   STRING     REPEATED  text[]',
  ]);
}, 60_000);

it('tells what is wrong with the connection, without the password', async () => {
  project.write(
    '.catchment/secrets/shop-db.json',
    JSON.stringify({ user: server.user, password: 'wrong-one' }),
  );
  const { code, err } = await project.catchment('peek', 'shop');
  expect(code).toBe(1);
  expect(err).toContain('password authentication failed');
  expect(err).not.toContain('wrong-one');
}, 60_000);

import { existsSync, readFileSync } from 'node:fs';
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
      backend:
        source: database
        groups: { main: { secret: backend-db, kind: postgres, host: 127.0.0.1, port: ${server.port}, database: postgres } }
        ${tables}
`;

beforeAll(async () => {
  server = await startPostgres();
  admin = new pg.Client({ ...server, database: server.database });
  await admin.connect();
  await admin.query(`CREATE TABLE orders ("Order ID" int PRIMARY KEY, "order id" int, "Größe" numeric, tags text[], made timestamp NOT NULL);
    INSERT INTO orders VALUES (1, 2, 3.5, '{a,b}', '2024-01-01'), (2, NULL, NULL, NULL, '2024-01-02'); ANALYZE orders`);
  project = makeProject(stack(''), ['database']);
  const { user, password } = server;
  project.write('.catchment/secrets/backend-db.json', JSON.stringify({ user, password }));
}, 60_000);

afterAll(async () => {
  project?.remove();
  await admin?.end();
  await server?.stop();
});

it('lists the tables of a source that the stack file names no table of', async () => {
  const { code, out, err } = await project.catchment('peek', 'backend', '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toEqual([
    {
      name: 'public.orders',
      kind: 'table',
      rows: 2,
      bytes: expect.any(Number),
      options: { from: 'public.orders', chunkRows: 5_000_000 },
    },
  ]);
}, 60_000);

it('shows columns under legal names, the row count and the first rows', async () => {
  const { out } = await project.catchment('peek', 'backend', 'public.orders', '--rows', '1');
  expect(out.split('\n')).toEqual([
    'public.orders: about 2 rows, 5 columns, key order_id',
    '',
    'column      type        mode      in the source',
    '──────────  ──────────  ────────  ───────────────────────────',
    'order_id    INTEGER     REQUIRED  "Order ID" integer',
    'order_id_2  INTEGER     NULLABLE  "order id" integer',
    'gr_e        BIGNUMERIC  NULLABLE  "Größe" numeric',
    'tags        STRING      REPEATED  text[]',
    'made        DATETIME    REQUIRED  timestamp without time zone',
    '',
    expect.stringContaining('order_id'),
    expect.stringContaining('─'),
    expect.stringMatching(/1 .*2 .*3\.5 .*\{a,b\} .*2024-01-01 00:00:00/),
    '',
    'note: gr_e is numeric without a precision: BIGNUMERIC holds 38 digits on each side of the point, a longer one goes to quarantine; STRING holds all',
    'note: tags is an array: a row whose list holds a NULL or a list goes to quarantine; the type JSON holds both',
    '',
  ]);
}, 60_000);

it('writes a schema file once, shows what differs, and overwrites only when forced', async () => {
  const file = join(project.root, 'schemas/database/orders.json');
  const first = await project.catchment('schema', 'infer', 'backend', 'public.orders', '--as', 'purchases');
  expect(first.out).toContain('wrote schemas/database/purchases.json\n');
  project.write('stacks/Pulumi.local.yaml', stack('tables: { orders: { from: public.orders } }'));
  const before = readFileSync(file, 'utf8');
  const differs = await project.catchment('schema', 'infer', 'backend');
  expect(differs.code).toBe(1);
  expect(differs.out).toContain('schemas/database/orders.json says something else and was left as it is');
  expect(differs.out).toContain('  - { "name": "customer", "type": "STRING", "mode": "NULLABLE" }');
  expect(differs.out).toContain(
    '  + { "name": "made", "type": "DATETIME", "mode": "REQUIRED", "sourceType": "timestamp without time zone" }',
  );
  expect(readFileSync(file, 'utf8')).toBe(before);
  const forced = await project.catchment('schema', 'infer', 'backend', 'orders', '--force');
  expect(forced.out).toContain('wrote schemas/database/orders.json anew:');
  expect(readFileSync(file, 'utf8')).toBe(`[
  { "name": "order_id", "type": "INTEGER", "mode": "REQUIRED", "sourceName": "Order ID", "sourceType": "integer" },
  { "name": "order_id_2", "type": "INTEGER", "mode": "NULLABLE", "sourceName": "order id", "sourceType": "integer" },
  { "name": "gr_e", "type": "BIGNUMERIC", "mode": "NULLABLE", "sourceName": "Größe", "sourceType": "numeric" },
  { "name": "tags", "type": "STRING", "mode": "REPEATED", "sourceType": "text[]" },
  { "name": "made", "type": "DATETIME", "mode": "REQUIRED", "sourceType": "timestamp without time zone" }
]
`);
  const same = await project.catchment('schema', 'infer', 'backend', 'orders');
  expect(same.out).toContain('schemas/database/orders.json is as the source says\n');
}, 60_000);

it('tells by --check which columns the source changed since, and writes nothing', async () => {
  const file = join(project.root, 'schemas/database/orders.json');
  const check = () => project.catchment('schema', 'infer', 'backend', 'orders', '--check');
  expect((await check()).code).toBe(0);
  const before = readFileSync(file, 'utf8');
  await admin.query('ALTER TABLE orders ALTER made TYPE date, ADD note text');
  const { code, out } = await check();
  expect(code).toBe(1);
  expect(out).toContain(
    [
      'schemas/database/orders.json says something else and was left as it is; --force writes it anew:',
      '  - { "name": "made", "type": "DATETIME", "mode": "REQUIRED", "sourceType": "timestamp without time zone" }',
      '  + { "name": "made", "type": "DATE", "mode": "REQUIRED", "sourceType": "date" }',
      '  + { "name": "note", "type": "STRING", "mode": "NULLABLE", "sourceType": "text" }',
      '',
    ].join('\n'),
  );
  expect(readFileSync(file, 'utf8')).toBe(before);
  const missing = await project.catchment(
    ...['schema', 'infer', 'backend', 'public.orders', '--as', 'unheard_of', '--check'],
  );
  expect(missing.code).toBe(1);
  expect(missing.out).toContain(
    'schemas/database/unheard_of.json is not there; without --check it is written',
  );
  expect(existsSync(join(project.root, 'schemas/database/unheard_of.json'))).toBe(false);
  const both = await project.catchment('schema', 'infer', 'backend', 'orders', '--check', '--force');
  expect(both.code).toBe(64);
  expect(both.err).toContain("'--check' cannot be used with option '--force'");
}, 60_000);

it('makes no difference between a source and a file that keeps no types of it', async () => {
  const file = join(project.root, 'schemas/database/orders.json');
  await project.catchment('schema', 'infer', 'backend', 'orders', '--force');
  const full = readFileSync(file, 'utf8');
  const plain = full.replaceAll(/, "sourceType": "[^"]*"/g, '');
  project.write('schemas/database/orders.json', plain);
  expect((await project.catchment('schema', 'infer', 'backend', 'orders')).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toBe(plain);
  await project.catchment('schema', 'infer', 'backend', 'orders', '--force');
  expect(readFileSync(file, 'utf8')).toBe(full);
}, 60_000);

it('tells what is wrong with the connection, without the password', async () => {
  project.write(
    '.catchment/secrets/backend-db.json',
    JSON.stringify({ user: server.user, password: 'wrong-password' }),
  );
  const { code, err } = await project.catchment('peek', 'backend');
  expect(code).toBe(1);
  expect(err).toContain("refuses the login of the secret's user");
  expect(err).not.toContain('wrong-password');
}, 60_000);

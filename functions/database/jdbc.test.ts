import { expect, it } from 'vitest';
import type { Column } from '../core/schema.ts';
import { jdbc } from './jdbc.ts';
import { source } from './source.ts';

const columns: readonly Column[] = [
  { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
  { name: 'unit_price', type: 'NUMERIC', mode: 'NULLABLE', sourceName: 'unit price' },
];

type Context = Parameters<typeof jdbc>[0];

const context = (settings: object, options: object = { from: 'public.orders' }): Context => ({
  table: 'orders',
  options: source.openTables?.options.parse(options) as Context['options'],
  settings: source.settings.parse({
    host: 'db.internal',
    database: 'shop',
    ...settings,
  }) as Context['settings'],
  secret: { user: 'reader', password: 'p' },
  columns,
  key: ['id'],
});

it('selects the columns under the names of the schema file, in ranges of a whole key', () => {
  expect(jdbc(context({ kind: 'postgres' }))).toEqual({
    driver: 'postgres',
    url: 'jdbc:postgresql://db.internal:5432/shop?sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory',
    user: 'reader',
    query: 'select "id" as "id", "unit price" as "unit_price" from "public"."orders"',
    partitionColumn: 'id',
  });
});

it('speaks the dialect of MariaDB, and reads what a query gives', () => {
  const options = { query: 'select * from orders where paid' };
  expect(jdbc(context({ kind: 'mysql', sslMode: 'require', port: 3307 }, options))).toMatchObject({
    driver: 'mariadb',
    url: 'jdbc:mariadb://db.internal:3307/shop?sslMode=trust',
    query:
      'select `id` as `id`, `unit price` as `unit_price` from (select * from orders where paid) as asked',
  });
});

it('has one reader for a key that is no whole number', () => {
  expect(jdbc({ ...context({ kind: 'postgres' }), key: ['unit_price'] }).partitionColumn).toBeUndefined();
  expect(jdbc({ ...context({ kind: 'postgres' }), key: [] }).partitionColumn).toBeUndefined();
});

it('refuses what the template cannot do', () => {
  const own = { user: 'reader', password: 'p', ca: 'PEM' };
  expect(() => jdbc({ ...context({ kind: 'postgres' }), secret: own })).toThrow(
    '[orders] engine dataflow cannot be given the certificate authority in the secret; use a server with a public ' +
      'certificate, or leave the engine out',
  );
  const settings = {
    kind: 'bigquery',
    project: 'acme',
    location: 'EU',
    host: undefined,
    database: undefined,
  };
  expect(() => jdbc(context(settings))).toThrow(
    '[orders] engine dataflow reads no BigQuery tables; leave the engine out: BigQuery copies its tables itself',
  );
});

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openDuckdb } from '../../functions/core/warehouses/duckdb/warehouse.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import { dataset, runReplication } from './pipeline.ts';
import type { SourceDatabase } from './source-database.ts';
import { openSource } from './source-database.ts';

let server: PostgresServer;
let source: SourceDatabase;
let warehouse: Warehouse;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  source = await openSource(server);
  warehouse = await openDuckdb({ path: ':memory:' });
});
afterEach(async () => {
  await warehouse.close();
  await source.close();
});

const items = {
  from: 'public.items',
  key: ['id'],
  columns: [
    { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
    { name: 'name', type: 'STRING' },
    { name: 'body', type: 'STRING' },
  ],
} as const;

const loaded = async (sql = `SELECT * EXCLUDE (_origin) FROM ${dataset}.items ORDER BY id`) =>
  (await warehouse.query(sql)).rows;

/** Too large for its page, and not to be compressed, so that it is kept outside of its row. */
const large = (seed: string) =>
  `(SELECT string_agg(md5('${seed}' || i), '') FROM generate_series(1, 300) AS i)`;

it('copies what is there, then follows inserts, updates and deletes', async () => {
  await source.sql(
    'CREATE TABLE items (id bigint PRIMARY KEY, name text, body text)',
    `INSERT INTO items VALUES (1, 'one', ''), (2, 'two', NULL), (9007199254740993, 'big', '\\N')`,
  );
  const replication = source.replication({ items });
  const first = await runReplication(replication, { warehouse });
  expect(first.run).toMatchObject({ status: 'succeeded', rowsRead: 3, rowsLoaded: 3 });
  expect(await loaded()).toEqual([
    [1, 'one', '', null],
    [2, 'two', null, null],
    ['9007199254740993', 'big', '\\N', null],
  ]);

  await source.sql(
    `INSERT INTO items VALUES (3, 'three', 'b')`,
    `UPDATE items SET name = 'TWO' WHERE id = 2`,
    'DELETE FROM items WHERE id = 1',
  );
  const second = await runReplication(replication, { warehouse });
  expect(second.run).toMatchObject({ status: 'succeeded', rowsRead: 3 });
  expect(await loaded()).toEqual([
    [2, 'TWO', null, null],
    [3, 'three', 'b', null],
    ['9007199254740993', 'big', '\\N', null],
  ]);
  expect(second.lag).toEqual({ bytes: 0, seconds: 0 });
});

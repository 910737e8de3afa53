import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { tableInSql } from '../../functions/core/run/is-empty.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import { dataset } from './pipeline.ts';
import type { SourceDatabase } from './source-database.ts';
import { openSource } from './source-database.ts';

/** What each test of a file finds: one server for all, a database and a warehouse of its own. */
export interface Given {
  readonly server: PostgresServer;
  readonly source: SourceDatabase;
  readonly warehouse: Warehouse;
  /** Rows of a table of the warehouse in the order of its key, without the account. */
  loaded(table?: string): Promise<unknown[][]>;
  /** A table of the warehouse, as SQL. */
  place(dataset: string, table: string): string;
}

export function useSource(
  settings: Readonly<Record<string, string>> = {},
  kind: 'duckdb' | 'sqlite' = 'duckdb',
): Given {
  const place = (within: string, name: string) =>
    tableInSql(kind, { dataset: within, name } as Parameters<typeof tableInSql>[1]);
  const given: { -readonly [K in keyof Given]?: Given[K] } = {
    loaded: async (table = 'items') => {
      const found = await given.warehouse?.query(`SELECT * FROM ${place(dataset, table)} ORDER BY 1`);
      return (found?.rows ?? []).map((row) => row.filter((_, index) => found?.columns[index] !== '_origin'));
    },
    place,
  };
  let folder = '';
  beforeAll(async () => {
    given.server = await startPostgres(settings);
  });
  afterAll(() => given.server?.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'catchment-replication-'));
    given.warehouse = await openWarehouse(
      { name: 'main', kind, path: join(folder, `warehouse.${kind}`) },
      { root: folder, secret: undefined },
    );
    if (given.server !== undefined) given.source = await openSource(given.server);
  });
  afterEach(async () => {
    await given.warehouse?.close();
    await given.source?.close();
    await rm(folder, { recursive: true, force: true });
  });
  return given as Given;
}

/** Table `items` of most tests: `CREATE TABLE items (id bigint PRIMARY KEY, name text, body text)`. */
export const items = {
  from: 'public.items',
  key: ['id'],
  columns: [
    { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
    { name: 'name', type: 'STRING' },
    { name: 'body', type: 'STRING' },
  ],
} as const;

export const createItems = 'CREATE TABLE items (id bigint PRIMARY KEY, name text, body text)';

/** SQL of a text that is too large for its page and cannot be compressed, so it is kept outside of its row. */
export function large(seed: string): string {
  return `(SELECT string_agg(md5('${seed}' || i), '') FROM generate_series(1, 300) AS i)`;
}

import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { tableInSql } from '../../functions/core/run/is-empty.ts';
import type { Emulator } from '../../functions/core/warehouses/bigquery/sandbox/server.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import type { ClickhouseServer } from '../setup/clickhouse.ts';
import { startClickhouse } from '../setup/clickhouse.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import { dataset } from './pipeline.ts';
import type { SourceDatabase } from './source-database.ts';
import { openSource } from './source-database.ts';
import type { WarehouseKind, WarehousePlace } from './warehouse-place.ts';
import { createPlace } from './warehouse-place.ts';

/** What each test of a file finds: one server for all, a database and a warehouse of its own. */
export interface Given {
  readonly server: PostgresServer;
  readonly source: SourceDatabase;
  readonly warehouse: Warehouse;
  /** With the kind `clickhouse`. */
  readonly clickhouse?: ClickhouseServer;
  /** With the kind `bigquery`. */
  emulator(): Emulator;
  /** Rows of a table of the warehouse in the order of its key, without the account. */
  loaded(table?: string): Promise<unknown[][]>;
  /** The warehouse opened once more; whoever asked closes it. */
  open(): Promise<Warehouse>;
  /** Runs a statement in the warehouse as somebody else, who has its tables too. */
  write(sql: string): Promise<void>;
  /** A table of the warehouse, as SQL. */
  place(dataset: string, table: string): string;
}

export function useSource(
  settings: Readonly<Record<string, string>> = {},
  kind: WarehouseKind = 'duckdb',
): Given {
  const place = (within: string, name: string) =>
    tableInSql(kind, { dataset: within, name } as Parameters<typeof tableInSql>[1]);
  let held: WarehousePlace | undefined;
  const given: { -readonly [K in keyof Given]?: Given[K] } = {
    loaded: async (table = 'items') => {
      const found = await given.warehouse?.query(`SELECT * FROM ${place(dataset, table)} ORDER BY 1`);
      return (found?.rows ?? []).map((row) => row.filter((_, index) => found?.columns[index] !== '_origin'));
    },
    place,
    open() {
      if (held === undefined) throw new Error('no test is running');
      return held.open();
    },
    emulator() {
      if (held?.emulator === undefined) throw new Error(`${kind} has no emulator`);
      return held.emulator;
    },
    async write(sql) {
      if (held?.write === undefined) throw new Error(`nobody else writes into ${kind} in tests`);
      await held.write(sql);
    },
  };
  beforeAll(async () => {
    given.server = await startPostgres(settings);
    if (kind === 'clickhouse') given.clickhouse = await startClickhouse();
  });
  afterAll(async () => {
    await given.clickhouse?.stop();
    await given.server?.stop();
  });
  beforeEach(async () => {
    if (given.server === undefined) return;
    held = await createPlace(kind, { postgres: given.server, clickhouse: given.clickhouse });
    given.warehouse = await held.open();
    given.source = await openSource(given.server);
  });
  afterEach(async () => {
    await given.warehouse?.close();
    await given.source?.close();
    await held?.remove();
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

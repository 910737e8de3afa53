import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { Emulator } from '../../functions/core/warehouses/bigquery/sandbox/server.ts';
import { startEmulator } from '../../functions/core/warehouses/bigquery/sandbox/server.ts';
import { openBigquery } from '../../functions/core/warehouses/bigquery/warehouse.ts';
import { openClickhouse } from '../../functions/core/warehouses/clickhouse/warehouse.ts';
import { openDatabase } from '../../functions/core/warehouses/duckdb/database.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import type { ClickhouseServer } from '../setup/clickhouse.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { dataset } from './pipeline.ts';

export type WarehouseKind = Warehouse['kind'];

/** An empty place for the tables of one test. */
export interface WarehousePlace {
  /** Opens it once more; whoever asked closes it. */
  open(): Promise<Warehouse>;
  /** Runs a statement that writes, as somebody else who has the tables too; undefined for BigQuery. */
  readonly write?: ((sql: string) => Promise<unknown>) | undefined;
  /** Of BigQuery. */
  readonly emulator?: Emulator | undefined;
  remove(): Promise<void>;
}

/** Servers that the tests of a file share. */
export interface WarehouseServers {
  readonly postgres: PostgresServer;
  readonly clickhouse?: ClickhouseServer | undefined;
}

export async function createPlace(kind: WarehouseKind, servers: WarehouseServers): Promise<WarehousePlace> {
  switch (kind) {
    case 'duckdb':
    case 'sqlite':
      return filePlace(kind);
    case 'postgres':
      return postgresPlace(servers.postgres);
    case 'clickhouse':
      return clickhousePlace(servers.clickhouse);
    case 'bigquery':
      return bigqueryPlace();
  }
}

async function filePlace(kind: 'duckdb' | 'sqlite'): Promise<WarehousePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'catchment-replication-'));
  const path = join(folder, `warehouse.${kind}`);
  return {
    open: () => openWarehouse({ name: 'main', kind, path }, { root: folder }),
    async write(sql) {
      if (kind === 'sqlite') {
        const file = new DatabaseSync(path);
        file.exec(sql);
        file.close();
        return;
      }
      const database = await openDatabase(path, '512MB');
      await database.write((connection) => connection.run(sql));
      await database.close();
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function postgresPlace(server: PostgresServer): Promise<WarehousePlace> {
  const { host, port, user, password } = server;
  const database = await server.createDatabase();
  return {
    open: () =>
      openWarehouse(
        { name: 'main', kind: 'postgres', host, port, database },
        { root: '/', secret: { user, password } },
      ),
    async write(sql) {
      const client = new pg.Client({ host, port, user, password, database });
      await client.connect();
      await client.query(sql);
      await client.end();
    },
    remove: async () => undefined,
  };
}

async function clickhousePlace(server: ClickhouseServer | undefined): Promise<WarehousePlace> {
  if (server === undefined) throw new Error('the tests of this file start no ClickHouse');
  for (const name of [dataset, 'catchment', 'catchment_staging'])
    await server.run(`DROP DATABASE IF EXISTS ${name} SYNC`);
  const { url, user, password } = server;
  return {
    // It asks a server that is away again at once.
    open: async () =>
      openClickhouse(
        { name: 'main', kind: 'clickhouse', url },
        { user, password },
        { sleep: async () => undefined },
      ),
    write: (sql) => server.run(sql),
    remove: async () => undefined,
  };
}

const project = { project: 'acme', location: 'EU' };

async function bigqueryPlace(): Promise<WarehousePlace> {
  const emulator = await startEmulator({ ...project, datasets: [dataset] });
  return {
    emulator,
    open: async () => openBigqueryAt(emulator.url),
    remove: () => emulator.close(),
  };
}

/** The warehouse in an emulator; its waits pass fifty times faster. */
export function openBigqueryAt(url: string): Warehouse {
  return openBigquery({
    ...{ ...project, dataset, bigqueryUrl: url, metadataUrl: url },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 50)),
  });
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Cursor, WriteMode } from '../../functions/core/cursor.ts';
import type { Pipeline, PipelineTable, WarehouseConfig } from '../../functions/core/pipeline.ts';
import type { RunRequest, RunSummary } from '../../functions/core/run/request.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import type { Column } from '../../functions/core/schema.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import * as code from '../../functions/database/extract.ts';
import { source } from '../../functions/database/source.ts';

/** One table of the pipeline under test. */
export interface HostTable {
  readonly columns: readonly Column[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly key?: readonly string[];
  readonly watermark?: string;
  readonly lookback?: number;
  readonly writeMode?: WriteMode;
}

export interface HostOptions {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, unknown>>;
  readonly tables: Readonly<Record<string, HostTable>>;
  /** @default a DuckDB file of its own */
  readonly warehouse?: { readonly config: WarehouseConfig; readonly opened: Warehouse };
}

/** The source `database` with a warehouse, dataset `copy`. */
export interface DatabaseHost {
  /** What the run warned of. */
  readonly warnings: string[];
  run(changes?: Partial<RunRequest>): Promise<RunSummary>;
  /** Rows of a table in the warehouse, in the order of `order`. */
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** Writes to the warehouse's file as a person would, behind the kit's back. */
  tamper(sql: string): Promise<void>;
  close(): Promise<void>;
}

export const column = (
  name: string,
  type: Column['type'],
  mode: Column['mode'] = 'NULLABLE',
  more: Partial<Column> = {},
): Column => ({ name, type, mode, ...more });

export async function openHost({
  settings,
  secret,
  tables,
  warehouse: given,
}: HostOptions): Promise<DatabaseHost> {
  const folder = await mkdtemp(join(tmpdir(), 'catchment-database-'));
  const config = { name: 'main', kind: 'duckdb', path: join(folder, 'warehouse.duckdb') } as const;
  let warehouse: Warehouse = given?.opened ?? (await openWarehouse(config, { root: folder }));
  const pipeline: Pipeline = {
    name: 'shop',
    source: 'database',
    warehouse: given?.config ?? config,
    dataset: 'copy',
    tables: Object.entries(tables).map(([name, table]) => pipelineTable(name, table)),
    groups: [{ name: 'main', secret: 'shop', timeZone: 'UTC', sandbox: false, settings }],
    schedule: { cron: '0 * * * *', timeZone: 'Etc/UTC', paused: false },
    runsOn: 'job',
  };
  const warnings: string[] = [];
  const warn = (fields: unknown, message: string) =>
    void warnings.push(`${message} ${JSON.stringify(fields)}`);
  return {
    warnings,
    run: (changes = {}) =>
      runPipeline({
        ...{ pipeline, group: 'main', source, code, warehouse, secret, trigger: 'test' },
        schemas: Object.fromEntries(
          Object.entries(tables).map(([name, { columns }]) => [`database/${name}`, columns]),
        ),
        log: { debug: () => {}, info: () => {}, warn },
        ...changes,
      } as RunRequest),
    rows: async (sql) => (await warehouse.query(sql)).rows,
    async tamper(sql) {
      await warehouse.close();
      const instance = await DuckDBInstance.create(config.path);
      const connection = await instance.connect();
      await connection.run(sql);
      connection.closeSync();
      instance.closeSync();
      warehouse = await openWarehouse(config, { root: folder });
    },
    async close() {
      await warehouse.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs, and gives what went wrong in words. */
export function failureOf(host: DatabaseHost): Promise<string> {
  return host.run().then(
    ({ run, failures }) => `${run.status}: ${failures[0]?.error}`,
    (error: Error) => `thrown: ${error.message}`,
  );
}

function pipelineTable(name: string, table: HostTable): PipelineTable {
  const { key = [], options, watermark, lookback = 0 } = table;
  const cursor: Cursor =
    watermark === undefined ? { kind: 'snapshot' } : { kind: 'watermark', field: watermark, lookback };
  const writeMode = table.writeMode ?? (watermark === undefined ? 'replace' : 'merge');
  return {
    declared: name,
    name,
    schema: `database/${name}`,
    key,
    writeMode,
    cursor,
    options: { chunkRows: 5_000_000, ...options },
  };
}

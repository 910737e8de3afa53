import { resolve } from 'node:path';
import { fatal } from '../errors.ts';
import type { WarehouseConfig } from '../pipeline.ts';
import type { Warehouse } from './warehouse.ts';

export interface OpenOptions {
  /** Folder that relative paths begin at. */
  readonly root: string;
  /** The pipeline's dataset, which holds the ledger too; needed by BigQuery only. */
  readonly dataset?: string | undefined;
  /** Value of the warehouse's secret, for the kinds that have one. */
  readonly secret?: unknown;
}

/**
 * Opens a warehouse. The code of each kind is imported when it is first needed, so a handler carries none it does not use.
 *
 * @throws fatal `bad-input` when BigQuery is opened without a dataset, or a secret has another shape
 */
export async function openWarehouse(
  config: WarehouseConfig,
  { root, dataset, secret }: OpenOptions,
): Promise<Warehouse> {
  switch (config.kind) {
    case 'duckdb': {
      const { openDuckdb } = await import('./duckdb/warehouse.ts');
      return openDuckdb({ path: resolve(root, config.path), memoryLimit: config.memoryLimit });
    }
    case 'sqlite': {
      const { openSqlite } = await import('./sqlite/warehouse.ts');
      return openSqlite({ path: resolve(root, config.path) });
    }
    case 'postgres': {
      const { openPostgres } = await import('./postgres/warehouse.ts');
      return openPostgres(config, secret);
    }
    case 'clickhouse': {
      const { openClickhouse } = await import('./clickhouse/warehouse.ts');
      return openClickhouse(config, secret);
    }
    case 'bigquery': {
      const { project, location, name } = config;
      if (dataset === undefined)
        throw fatal('bad-input', {
          where: name,
          what: 'a BigQuery warehouse is opened for one dataset, and none was named',
          todo: 'name the pipeline',
        });
      const { openBigquery } = await import('./bigquery/warehouse.ts');
      return openBigquery({ project, location, dataset });
    }
  }
}

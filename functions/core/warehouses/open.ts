import { resolve } from 'node:path';
import { fatal } from '../errors.ts';
import type { WarehouseConfig } from '../pipeline.ts';
import type { Warehouse } from './warehouse.ts';

/**
 * Opens a warehouse. The code of each kind is imported when it is first needed, so a handler carries none it does not use.
 *
 * @param options.root folder that relative paths begin at
 * @param options.dataset the pipeline's dataset, which holds the ledger too; needed by BigQuery only
 * @throws fatal `bad-input` when BigQuery is opened without a dataset
 */
export async function openWarehouse(
  config: WarehouseConfig,
  options: { readonly root: string; readonly dataset?: string | undefined },
): Promise<Warehouse> {
  if (config.kind === 'duckdb') {
    const { openDuckdb } = await import('./duckdb/warehouse.ts');
    return openDuckdb({ path: resolve(options.root, config.path), memoryLimit: config.memoryLimit });
  }
  const { project, location, name } = config;
  const { dataset } = options;
  if (dataset === undefined)
    throw fatal('bad-input', {
      where: name,
      what: 'a BigQuery warehouse is opened for one dataset, and none was named',
      todo: 'name the pipeline',
    });
  const { openBigquery } = await import('./bigquery/warehouse.ts');
  return openBigquery({ project, location, dataset });
}

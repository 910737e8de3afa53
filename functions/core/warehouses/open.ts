import { resolve } from 'node:path';
import { fatal } from '../errors.ts';
import type { WarehouseConfig } from '../pipeline.ts';
import type { Warehouse } from './warehouse.ts';

/**
 * Opens a warehouse. The code of each kind is imported when it is first needed, so a handler carries none it does not use.
 *
 * @param options.root folder that relative paths begin at
 * @throws fatal `bad-input` for kinds that this version can plan but not write to
 */
export async function openWarehouse(
  config: WarehouseConfig,
  options: { readonly root: string },
): Promise<Warehouse> {
  if (config.kind === 'duckdb') {
    const { openDuckdb } = await import('./duckdb/warehouse.ts');
    return openDuckdb({ path: resolve(options.root, config.path), memoryLimit: config.memoryLimit });
  }
  throw fatal('bad-input', {
    where: config.name,
    what: 'this version plans warehouses of this kind, but cannot write to them yet',
    got: config.kind,
    allowed: ['duckdb'],
  });
}

import { isCatchmentError } from '../functions/core/errors.ts';
import type { WarehouseConfig } from '../functions/core/pipeline.ts';
import type { Warehouse } from '../functions/core/warehouses/warehouse.ts';
import type { Twin } from './twin.ts';

/** A table that holds rows. */
export interface LoadedTable {
  /** The name in the warehouse, such as `vega.flights`. */
  readonly name: string;
  /** What a person may ask to see some of it. */
  readonly query: string;
}

/** Tables of the stack that hold rows, in the order of the stack file. */
export async function loadedTables({ estate, openExisting }: Twin): Promise<readonly LoadedTable[]> {
  const loaded: LoadedTable[] = [];
  for (const { warehouse: config, dataset, tables } of estate.pipelines) {
    const warehouse = await openExisting(config);
    if (warehouse === undefined) continue;
    for (const table of tables) {
      const parts = partsOf(config, dataset, table.name);
      const quoted = parts.map((part) => `"${part}"`).join('.');
      if (!(await holdsRows(warehouse, quoted))) continue;
      const name = parts.join('.');
      const query = config.kind === 'duckdb' ? `from ${name} limit 10` : `select * from ${name} limit 10`;
      loaded.push({ name, query });
    }
  }
  return loaded;
}

function partsOf({ kind }: WarehouseConfig, dataset: string, table: string): readonly string[] {
  if (kind !== 'sqlite') return [dataset, table];
  return [dataset === 'main' ? table : `${dataset}_${table}`];
}

async function holdsRows(warehouse: Warehouse, table: string): Promise<boolean> {
  try {
    return (await warehouse.query(`select 1 from ${table} limit 1`)).rows.length > 0;
  } catch (error) {
    // There is no such table until the first run.
    if (isCatchmentError(error)) return false;
    throw error;
  }
}

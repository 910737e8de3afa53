import type { Twin } from './twin.ts';

/** Tables of the stack that hold rows, as `dataset.name`, in the order of the stack file. */
export async function loadedTables({ estate, openExisting }: Twin): Promise<readonly string[]> {
  const loaded: string[] = [];
  for (const { warehouse: config, dataset, tables } of estate.pipelines) {
    if (config.kind !== 'duckdb') continue;
    const warehouse = await openExisting(config);
    const found = await warehouse?.query(
      `select table_name from duckdb_tables() where schema_name = '${dataset}' and estimated_size > 0`,
    );
    const names = new Set(found?.rows.map(([name]) => name));
    loaded.push(...tables.filter(({ name }) => names.has(name)).map(({ name }) => `${dataset}.${name}`));
  }
  return loaded;
}

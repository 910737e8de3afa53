import { rowColumn } from '../fields.ts';
import type { Bigquery } from '../jobs.ts';
import { createTable } from '../tables.ts';

/** Crashed runs leave their staging tables; BigQuery deletes them after this. */
export const lifeMs = 24 * 3_600_000;

/** Makes a table that BigQuery deletes by itself. */
export function createScratchTable(
  bigquery: Bigquery,
  table: { readonly name: string; readonly fields: Parameters<typeof createTable>[1]['fields'] },
): Promise<void> {
  const expirationTime = String(bigquery.settings.now().getTime() + lifeMs);
  return createTable(bigquery, { ...table, more: { expirationTime, labels: { app: 'catchment' } } });
}

/** A table of numbered rows whose cells are texts: what a load job of CSV would read otherwise than we do, it cannot. */
export function createRawTable(bigquery: Bigquery, name: string, columns: readonly string[]): Promise<void> {
  const fields = columns.map((column) => ({ name: column, type: 'STRING', mode: 'NULLABLE' }));
  return createScratchTable(bigquery, {
    name,
    fields: [{ name: rowColumn, type: 'INTEGER', mode: 'REQUIRED' }, ...fields],
  });
}

export async function dropTable({ rest, settings }: Bigquery, name: string): Promise<void> {
  const path = `datasets/${settings.dataset}/tables/${name}`;
  await rest({ what: `dropping ${name}`, method: 'DELETE', path, expect: [404] });
}

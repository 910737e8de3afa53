import type { TableTarget } from '../pipeline.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';

/** Whether a table that was prepared holds no row: what its cursor says was loaded is gone. */
export async function isEmpty(warehouse: Warehouse, target: TableTarget): Promise<boolean> {
  const { rows } = await warehouse.query(
    `SELECT 1 AS one FROM ${tableInSql(warehouse.kind, target)} LIMIT 1`,
  );
  return rows.length === 0;
}

/** Rows of a table that hold NULL in a column. */
export async function countNulls(warehouse: Warehouse, target: TableTarget, column: string): Promise<number> {
  const { kind } = warehouse;
  const name = kind === 'bigquery' ? `\`${column}\`` : `"${column}"`;
  const { rows } = await warehouse.query(
    `SELECT count(*) AS found FROM ${tableInSql(kind, target)} WHERE ${name} IS NULL`,
  );
  return Number(rows[0]?.[0] ?? 0);
}

/** A table as a query names it. Names of datasets and tables are letters, digits and underscores everywhere. */
export function tableInSql(kind: Warehouse['kind'], { dataset, name }: TableTarget): string {
  if (kind === 'bigquery') return `\`${dataset}\`.\`${name}\``;
  if (kind === 'sqlite') return dataset === 'main' ? `"${name}"` : `"${dataset}_${name}"`;
  return `"${dataset}"."${name}"`;
}

import type { Row } from '../extract.ts';
import type { TableTarget } from '../pipeline.ts';
import type { ColumnType } from '../schema.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import { keyFields, keyText } from './fold-changes.ts';
import { tableInSql } from './is-empty.ts';

/** Keys of one query. */
const mostKeys = 2_000;

/** Types whose values mean the same as literals of every warehouse. */
const numbers: readonly ColumnType[] = ['INTEGER', 'NUMERIC', 'BIGNUMERIC'];
const texts: readonly ColumnType[] = ['STRING', 'DATE'];

/** Which keys a table has, as texts that `keyText` makes of rows. */
export interface StoredKeys {
  has(row: Row): boolean;
}

/**
 * Looks up which of these rows a table has. It must be prepared.
 *
 * @param rows hold at least the fields of the key
 * @returns undefined when the key has a column of a type that is not written alike everywhere
 */
export async function storedKeys(
  warehouse: Warehouse,
  target: TableTarget,
  rows: readonly Row[],
): Promise<StoredKeys | undefined> {
  const { kind } = warehouse;
  const fields = keyFields(target.columns, target.key);
  const types = target.key.map((name) => target.columns.find((column) => column.name === name)?.type);
  if (!types.every((type) => type !== undefined && [...numbers, ...texts].includes(type))) return undefined;
  const textOf = keyText(target.columns, target.key);
  const names = target.key.map((name) => quoted(kind, name));
  const equal = (row: Row) =>
    fields
      .map((field, index) => {
        const literal = literalOf(kind, row[field], types[index] ?? 'STRING');
        return literal === undefined ? `${names[index]} IS NULL` : `${names[index]} = ${literal}`;
      })
      .join(' AND ');
  const found = new Set<string>();
  const wanted = [...new Map(rows.map((row) => [textOf(row), row])).values()];
  for (let from = 0; from < wanted.length; from += mostKeys) {
    const conditions = wanted.slice(from, from + mostKeys).map((row) => `(${equal(row)})`);
    const { rows: stored } = await warehouse.query(
      `SELECT ${names.join(', ')} FROM ${tableInSql(kind, target)} WHERE ${conditions.join(' OR ')}`,
    );
    for (const cells of stored)
      found.add(textOf(Object.fromEntries(fields.map((field, index) => [field, cells[index]]))));
  }
  return { has: (row) => found.has(textOf(row)) };
}

function quoted(kind: Warehouse['kind'], name: string): string {
  return kind === 'bigquery' ? `\`${name}\`` : `"${name}"`;
}

/** Undefined for NULL. A value that is no number of its column is in quarantine already. */
function literalOf(kind: Warehouse['kind'], value: unknown, type: ColumnType): string | undefined {
  if (value === null || value === undefined) return undefined;
  const text = String(value);
  if (numbers.includes(type)) return /^-?\d+(?:\.\d+)?$/.test(text) ? text : undefined;
  if (kind !== 'bigquery' && kind !== 'clickhouse') return `'${text.replaceAll("'", "''")}'`;
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n');
  return `'${escaped.replaceAll('\r', '\\r')}'`;
}

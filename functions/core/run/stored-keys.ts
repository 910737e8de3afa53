import type { Row } from '../extract.ts';
import type { TableTarget } from '../pipeline.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import { keyFields, keyText } from './fold-changes.ts';
import { tableInSql } from './is-empty.ts';
import { keyCondition } from './key-condition.ts';

/** Of one query: SQLite nests no deeper than 1,000, ClickHouse reads no more than 256 KiB, and each key stands in it twice. */
const most = { keys: 400, characters: 50_000 };

/** Which keys a table has, as texts that `keyText` makes of rows. */
export interface StoredKeys {
  has(row: Row): boolean;
}

/**
 * Looks up which of these rows a table has. It must be prepared.
 *
 * @param rows hold at least the fields of the key
 * @returns undefined when a column of the key is a list, a record or JSON
 */
export async function storedKeys(
  warehouse: Warehouse,
  target: TableTarget,
  rows: readonly Row[],
): Promise<StoredKeys | undefined> {
  const { kind } = warehouse;
  const fields = keyFields(target.columns, target.key);
  const conditions = target.key.map((name) => {
    const column = target.columns.find((each) => each.name === name);
    return column === undefined ? undefined : keyCondition(kind, column);
  });
  if (conditions.includes(undefined)) return undefined;
  const textOf = keyText(target.columns, target.key);
  const wanted = new Map(rows.map((row) => [textOf(row), row]));
  const found = new Set<string>();
  let asked: { key: string; condition: string }[] = [];
  let characters = 0;
  const ask = async () => {
    const keys = asked.map(({ key }) => key);
    const { rows: stored } = await warehouse.query(lookup(tableInSql(kind, target), asked));
    for (const [index] of stored) found.add(keys[Number(index)] ?? '');
    asked = [];
    characters = 0;
  };
  for (const [key, row] of wanted) {
    const parts = conditions.map((of, index) => of?.(row[fields[index] ?? '']));
    // A value that its column cannot hold is stored nowhere.
    if (parts.includes(undefined)) continue;
    const condition = parts.join(' AND ');
    if (asked.length > 0 && characters + condition.length > most.characters) await ask();
    asked.push({ key, condition });
    characters += condition.length;
    if (asked.length === most.keys) await ask();
  }
  if (asked.length > 0) await ask();
  return { has: (row) => found.has(textOf(row)) };
}

/** Gives the positions of the keys that are there: the values themselves come back in each warehouse's own spelling. */
function lookup(table: string, asked: readonly { readonly condition: string }[]): string {
  const cases = asked.map(({ condition }, index) => `WHEN ${condition} THEN ${index}`);
  const any = asked.map(({ condition }) => `(${condition})`);
  return `SELECT CASE ${cases.join(' ')} END AS found FROM ${table} WHERE ${any.join(' OR ')}`;
}

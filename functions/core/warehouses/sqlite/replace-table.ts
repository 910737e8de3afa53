import { ident, literal } from './names.ts';
import { existingColumns, indexKey, keyIndexOf } from './tables.ts';
import type { Counts, TableWrite } from './write-modes.ts';
import { insertStaged, noCounts } from './write-modes.ts';

/**
 * Replaces all rows of a table without a key. The stage itself takes the table's name, which copies nothing; readers see
 * one or the other, whole. A table with columns, indexes or triggers of its own is emptied and filled instead, so that
 * it keeps them.
 */
export function replaceTable(write: TableWrite): Counts {
  const { sql, table, stage, target, rows } = write;
  const deleted = sql.count(`SELECT count(*) FROM ${ident(table)}`);
  if (!isPlain(write)) {
    sql.run(`DELETE FROM ${ident(table)}`);
    return { ...noCounts, deleted, inserted: insertStaged(write) };
  }
  sql.run(`DROP TABLE ${ident(table)}`);
  sql.run(`ALTER TABLE ${ident(stage)} RENAME TO ${ident(table)}`);
  indexKey(sql, target, table);
  return { ...noCounts, deleted, inserted: rows };
}

/** True when nothing but its rows would be lost with the table. */
function isPlain({ sql, table, stage }: TableWrite): boolean {
  const shape = (name: string) => JSON.stringify(existingColumns(sql, name));
  if (shape(table) !== shape(stage)) return false;
  const others = sql.count(
    `SELECT count(*) FROM sqlite_schema WHERE type <> 'table' AND name <> ${literal(keyIndexOf(table))}
     AND (lower(tbl_name) = lower(${literal(table)}) OR type = 'view')`,
  );
  return others === 0;
}

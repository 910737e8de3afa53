import type { TableTarget } from '../../pipeline.ts';
import type { Commit, Outcome, StagedTable } from '../warehouse.ts';
import { applyChanges } from './apply-changes.ts';
import type { Sql } from './database.ts';
import { ident, list, literal, tableOf } from './names.ts';
import { replaceTable } from './replace-table.ts';
import type { SqliteStage } from './stage.ts';
import { allColumns } from './types.ts';
import { writeByKey } from './write-by-key.ts';

/** One staged table on its way into the final one. */
export interface TableWrite {
  readonly sql: Sql;
  readonly target: TableTarget;
  /** The final table's name. */
  readonly table: string;
  /** The stage's name; its `rowid` is the order in which rows came. */
  readonly stage: string;
  /** The columns of both, quoted, as a list. */
  readonly columns: string;
  /** Rows staged. */
  readonly rows: number;
}

/** An outcome without the table's name. */
export type Counts = Omit<Outcome, 'table'>;

export const noCounts: Counts = { inserted: 0, updated: 0, unchanged: 0, duplicates: 0, deleted: 0 };

/** Applies one stage to its table. Must run inside a transaction. */
export function applyStage(sql: Sql, staged: StagedTable, scope: Pick<Commit, 'origin' | 'window'>): Outcome {
  const { target, rows, table: stage } = staged.stage as SqliteStage;
  const columns = list(allColumns(target.columns).map(({ name }) => name));
  const write: TableWrite = { sql, target, table: tableOf(target), stage, columns, rows };
  return { table: target.declared, ...applyMode(write, staged, conditionOf(target, scope)) };
}

function applyMode(write: TableWrite, { writeMode, truncate }: StagedTable, scope: string): Counts {
  const hasKey = write.target.key.length > 0;
  switch (writeMode) {
    case 'append':
      return { ...noCounts, inserted: insertStaged(write) };
    case 'merge':
      return writeByKey(write, undefined);
    case 'replaceWindow':
      return hasKey ? writeByKey(write, scope) : replaceScope(write, scope);
    case 'replace':
      return hasKey ? writeByKey(write, 'TRUE') : replaceTable(write);
    case 'changes':
      return applyChanges(write, truncate === true);
  }
}

/** Without a key nothing tells rows apart, so what the slice covered is deleted and loaded again. */
function replaceScope(write: TableWrite, scope: string): Counts {
  const deleted = write.sql.run(`DELETE FROM ${ident(write.table)} WHERE ${scope}`);
  return { ...noCounts, deleted, inserted: insertStaged(write) };
}

export function insertStaged({ sql, table, stage, columns }: TableWrite): number {
  return sql.run(
    `INSERT INTO ${ident(table)} (${columns}) SELECT ${columns} FROM ${ident(stage)} ORDER BY rowid`,
  );
}

/** The rows that a slice covers, as a condition on the final table. */
function conditionOf(
  { windowField }: TableTarget,
  { origin, window }: Pick<Commit, 'origin' | 'window'>,
): string {
  const own = `${ident('_origin')} = ${literal(origin)}`;
  if (window === undefined || windowField === undefined) return own;
  // The first ten characters are the day, of a DATE, a DATETIME and a TIMESTAMP, which is kept in UTC.
  const day = `substr(${ident(windowField)}, 1, 10)`;
  return `${own} AND ${day} BETWEEN ${literal(window.start)} AND ${literal(window.end)}`;
}

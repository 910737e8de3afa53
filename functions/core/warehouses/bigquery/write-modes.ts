import type { TableTarget } from '../../pipeline.ts';
import type { Commit, StagedTable } from '../warehouse.ts';
import { windowBounds } from '../window-bounds.ts';
import { fromStage, sameKey } from './columns-sql.ts';
import { allColumns } from './fields.ts';
import { merge } from './merge.ts';
import { ident, tableRef } from './names.ts';
import { literal } from './partition-range.ts';
import type { BigquerySettings } from './settings.ts';
import type { BigqueryStage } from './stage.ts';
import type { Write } from './write.ts';
import { keyColumns } from './write.ts';

/** What is counted for each table of a commit, in variables `v_<count>_<number>` of the script. */
export const counts = ['inserted', 'updated', 'unchanged', 'duplicates', 'deleted'] as const;

/** All variables a table needs. */
export const variables = [...counts, 'same', 'copies', 'gone'] as const;

/**
 * Statements that apply one stage to its table and count what they did. They stand in a transaction, where BigQuery
 * takes no DDL but for temporary tables, so `replace` deletes and inserts; readers see the old rows or the new ones.
 * They need the parameter `@origin` and the variable `v_done`.
 */
export function writeStatements(
  settings: BigquerySettings,
  { stage, writeMode, truncate = false }: StagedTable,
  commit: Pick<Commit, 'origin' | 'window'>,
  number: number,
): string[] {
  const { target, table, rows, range, kept } = stage as BigqueryStage;
  const write: Write = {
    target,
    table: tableRef(settings, target.name),
    staged: rows === 0 ? undefined : tableRef(settings, table),
    rows,
    range,
    kept,
    scope: scopeOf(target, commit),
    v: (name) => `v_${name}_${number}`,
    number,
  };
  const hasKey = target.key.length > 0;
  switch (writeMode) {
    case 'append':
      return append(write);
    case 'replace':
      return hasKey
        ? [...merge(write), ...deleteGone({ ...write, scope: 'TRUE' })]
        : [...deleteScope({ ...write, scope: 'TRUE' }), ...insertAll(write)];
    case 'merge':
      return merge(write);
    case 'replaceWindow':
      return hasKey ? [...merge(write), ...deleteGone(write)] : [...deleteScope(write), ...insertAll(write)];
    case 'changes':
      return [
        ...(truncate ? deleteScope({ ...write, scope: 'TRUE' }) : []),
        ...merge(write, { hasChanges: true }),
      ];
  }
}

/** A slice is appended once, whichever lane did it. */
function append(write: Write): string[] {
  if (write.staged === undefined) return [];
  const [insert = '', count = ''] = insertAll(write);
  return [`IF v_done THEN SET ${write.v('unchanged')} = ${write.rows}`, `ELSE ${insert}`, count, 'END IF'];
}

function insertAll(write: Write): string[] {
  if (write.staged === undefined) return [];
  const columns = allColumns(write.target.columns);
  const names = columns.map(({ name }) => ident(name)).join(', ');
  const values = columns.map((column) => fromStage(column, `st.${ident(column.name)}`)).join(', ');
  return [
    `INSERT INTO ${write.table} (${names}) SELECT ${values} FROM ${write.staged} AS st`,
    ...counted(write, 'inserted'),
  ];
}

/** Rows that the slice covered and does not bring again. */
function deleteGone(write: Write): string[] {
  if (write.staged === undefined) return deleteScope(write);
  const isBack = `EXISTS (SELECT 1 FROM ${write.staged} AS s WHERE ${sameKey(keyColumns(write.target), 's', 't')})`;
  return [
    `DELETE FROM ${write.table} AS t WHERE ${write.scope} AND NOT ${isBack}`,
    ...counted(write, 'deleted'),
  ];
}

function deleteScope(write: Write): string[] {
  return [`DELETE FROM ${write.table} AS t WHERE ${write.scope}`, ...counted(write, 'deleted')];
}

function counted({ v }: Write, name: (typeof counts)[number]): string[] {
  return [`SET ${v(name)} = ${v(name)} + @@row_count`];
}

/** A column is compared with constants of its own type: BigQuery casts no days to moments, and prunes by nothing else. */
function scopeOf(target: TableTarget, commit: Pick<Commit, 'window'>): string {
  const mine = 't.`_origin` = @origin';
  const bounds = windowBounds(target, commit);
  if (bounds === undefined) return mine;
  const { type, column, from, before } = bounds;
  const name = `t.${ident(column)}`;
  const moment = (text: string) => literal(type, type === 'TIMESTAMP' ? `${text}+00` : text);
  return `${mine} AND ${name} >= ${moment(from)} AND ${name} < ${moment(before)}`;
}

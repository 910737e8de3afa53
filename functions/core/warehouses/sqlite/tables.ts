import type { ErrorFacts } from '../../errors.ts';
import { fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Sql } from './database.ts';
import { ident, list, literal, tableOf } from './names.ts';
import { allColumns, columnDefinitions, sqliteType } from './types.ts';

export interface ExistingColumn {
  readonly name: string;
  /** As it was declared. */
  readonly type: string;
  /** NOT NULL without a default: a row must bring a value. */
  readonly isDemanded: boolean;
}

/**
 * Creates a table, or adds the NULLABLE columns that its schema file gained. The order of columns that exist is never
 * changed. A table with a key gets an index on it, by which rows are merged.
 *
 * @throws fatal `bad-schema` when a column exists with another type, or a gained column is REQUIRED
 */
export function prepareTable(sql: Sql, target: TableTarget): void {
  const table = tableOf(target);
  const columns = allColumns(target.columns);
  const existing = existingColumns(sql, table);
  if (existing.length === 0) sql.run(`CREATE TABLE ${ident(table)} (${columnDefinitions(columns)})`);
  else fitTable(sql, target, existing);
  indexKey(sql, target, table);
}

/** The columns of a table in their order; empty when there is none. */
export function existingColumns(sql: Sql, table: string): readonly ExistingColumn[] {
  return sql
    .rows('SELECT name, type, "notnull", dflt_value FROM pragma_table_info(?)', table)
    .map(([name, type, notNull, fallback]) => ({
      name: String(name),
      type: String(type),
      isDemanded: notNull === 1n && fallback === null,
    }));
}

/** The index by which rows of one key are found; its name tells that it is the kit's own. */
export function indexKey(sql: Sql, { key, writeMode }: TableTarget, table: string): void {
  // Loading costs half again with an index, and an appended table is not looked up by its key.
  if (key.length === 0 || writeMode === 'append') return;
  sql.run(`CREATE INDEX IF NOT EXISTS ${ident(keyIndexOf(table))} ON ${ident(table)} (${list(key)})`);
}

export function keyIndexOf(table: string): string {
  return `catchment_key_of_${table}`;
}

function fitTable(sql: Sql, target: TableTarget, existing: readonly ExistingColumn[]): void {
  const table = tableOf(target);
  const kinds = sql.rows(`SELECT type FROM sqlite_schema WHERE lower(name) = lower(${literal(table)})`);
  if (kinds.some(([kind]) => kind === 'view'))
    throw refusal(target, {
      what: 'there is a view of this name',
      todo: 'rename the table in the stack file, or drop the view',
    });
  const wanted = allColumns(target.columns);
  for (const column of wanted) {
    const type = sqliteType(column);
    const found = existing.find(({ name }) => name.toLowerCase() === column.name.toLowerCase());
    if (found === undefined) {
      if (column.mode === 'REQUIRED')
        throw refusal(target, {
          what: `the table exists without the REQUIRED column "${column.name}"`,
          todo: `make it NULLABLE in schemas/${target.schema}.json, or load the table anew`,
        });
      sql.run(`ALTER TABLE ${ident(table)} ADD COLUMN ${ident(column.name)} ${type}`);
    } else if (found.type.toUpperCase() !== type)
      throw refusal(target, {
        what: `column "${column.name}" of the table has another type than schemas/${target.schema}.json`,
        got: found.type,
        allowed: type,
        todo: 'change the schema file back, or alter the column by hand',
      });
  }
  const names = new Set(wanted.map(({ name }) => name.toLowerCase()));
  const stranger = existing.find(({ name, isDemanded }) => isDemanded && !names.has(name.toLowerCase()));
  if (stranger !== undefined)
    throw refusal(target, {
      what: `the table demands a value for its column "${stranger.name}", which schemas/${target.schema}.json lacks`,
      todo: 'add the column to the schema file, or allow NULL in the table',
    });
}

function refusal({ dataset, name }: TableTarget, facts: Omit<ErrorFacts, 'kind' | 'code' | 'where'>) {
  return fatal('bad-schema', { where: `${dataset}.${name}`, ...facts });
}

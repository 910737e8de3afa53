import type { Column } from '../schema.ts';
import { systemColumns } from '../schema.ts';
import { ident } from './quote.ts';

/** Digits of a BIGNUMERIC (76) exceed DuckDB's decimals (38), so it is kept as exact text. */
const scalarTypes = {
  STRING: 'VARCHAR',
  BYTES: 'BLOB',
  INTEGER: 'BIGINT',
  FLOAT: 'DOUBLE',
  NUMERIC: 'DECIMAL(38,9)',
  BIGNUMERIC: 'VARCHAR',
  BOOLEAN: 'BOOLEAN',
  DATE: 'DATE',
  TIME: 'TIME',
  DATETIME: 'TIMESTAMP',
  TIMESTAMP: 'TIMESTAMP WITH TIME ZONE',
  JSON: 'JSON',
} as const;

/** DuckDB's type of a column. Compare it with what DuckDB prints by `isSameType`. */
export function duckdbType(column: Column): string {
  const one =
    column.type === 'RECORD'
      ? `STRUCT(${(column.fields ?? []).map((field) => `${ident(field.name)} ${duckdbType(field)}`).join(', ')})`
      : scalarTypes[column.type];
  return column.mode === 'REPEATED' ? `${one}[]` : one;
}

/** DuckDB prints the names of a STRUCT's fields with quotes only where it must; column names never hold a quote. */
export function isSameType(one: string, other: string): boolean {
  return one.replaceAll('"', '') === other.replaceAll('"', '');
}

/** The columns of a table as they stand in the warehouse: the schema file's, then the kit's own. */
export function allColumns(columns: readonly Column[]): readonly Column[] {
  return [...columns, ...systemColumns];
}

/** `"name" TYPE [NOT NULL]` for each column, and the kit's own. */
export function columnDefinitions(columns: readonly Column[]): string {
  return definitionsOf(allColumns(columns));
}

/** `"name" TYPE [NOT NULL]` for each column. */
export function definitionsOf(columns: readonly Column[]): string {
  return columns
    .map(
      (column) =>
        `${ident(column.name)} ${duckdbType(column)}${column.mode === 'REQUIRED' ? ' NOT NULL' : ''}`,
    )
    .join(', ');
}

/** True for columns that hold records or lists. */
export function isNested({ type, mode }: Column): boolean {
  return type === 'RECORD' || mode === 'REPEATED';
}

import type { Column, ColumnType } from '../../schema.ts';
import { systemColumns } from '../../schema.ts';
import { ident } from './names.ts';

/**
 * DuckDB's type of each column type. BIGNUMERIC has up to 76 digits and DuckDB's DECIMAL 38, so it is kept as text:
 * no digit is lost, and `CAST(x AS DECIMAL(38, 9))` computes with it.
 */
const scalarTypes: Readonly<Record<Exclude<ColumnType, 'RECORD'>, string>> = {
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
};

/** A column's type as DuckDB's catalog spells it: `BIGINT`, `STRUCT(a BIGINT)[]`. */
export function columnType({ type, mode, fields = [] }: Column): string {
  const base =
    type === 'RECORD'
      ? `STRUCT(${fields.map((field) => `${ident(field.name)} ${columnType(field)}`).join(', ')})`
      : scalarTypes[type];
  return mode === 'REPEATED' ? `${base}[]` : base;
}

/** The columns of a stage's table, in the order of a `ColumnBatch`: the target's, then the kit's own. */
export function stageColumns(columns: readonly Column[]): readonly Column[] {
  return [...columns, ...systemColumns];
}

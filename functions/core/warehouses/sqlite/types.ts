import type { SQLInputValue } from 'node:sqlite';
import { jsonWriter, momentText } from '../../rows/json-text.ts';
import type { Column } from '../../schema.ts';
import { systemColumns } from '../../schema.ts';
import { ident } from './names.ts';

/**
 * Declared types. SQLite keeps what it is given and only prefers a storage class by the words in the declaration
 * (https://sqlite.org/datatype3.html, 3.1): `TEXT` in the name keeps decimals, dates and JSON as they are written.
 */
const scalarTypes = {
  STRING: 'TEXT',
  BYTES: 'BLOB',
  INTEGER: 'INTEGER',
  FLOAT: 'REAL',
  NUMERIC: 'NUMERIC_TEXT',
  BIGNUMERIC: 'BIGNUMERIC_TEXT',
  BOOLEAN: 'BOOLEAN',
  DATE: 'DATE_TEXT',
  TIME: 'TIME_TEXT',
  DATETIME: 'DATETIME_TEXT',
  TIMESTAMP: 'TIMESTAMP_TEXT',
  JSON: 'JSON_TEXT',
  RECORD: 'RECORD_JSON_TEXT',
} as const;

export function sqliteType({ type, mode }: Column): string {
  return mode === 'REPEATED' ? 'REPEATED_JSON_TEXT' : scalarTypes[type];
}

/** The columns of a table as they stand in the warehouse: the schema file's, then the kit's own. */
export function allColumns(columns: readonly Column[]): readonly Column[] {
  return [...columns, ...systemColumns];
}

/**
 * `"name" TYPE` for each column. REQUIRED is held by the row checks and not by NOT NULL, which SQLite could never drop
 * again when the schema file relaxes it.
 */
export function columnDefinitions(columns: readonly Column[]): string {
  return columns.map((column) => `${ident(column.name)} ${sqliteType(column)}`).join(', ');
}

/** A TIMESTAMP as it is kept: its zone makes SQLite's own functions read it right. */
function momentCell(text: string): string {
  return `${shortest(text)}+00`;
}

/** A time or a decimal without zeros at the end of its fraction, so that equal values are equal texts. */
function shortest(text: string): string {
  return text.endsWith('0') && text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** A canonical value (see `ColumnBatch`) as SQLite takes it. */
export type ToSqlite = (value: unknown) => SQLInputValue;

export function toSqlite(column: Column): ToSqlite {
  const one = column.mode === 'REPEATED' || column.type === 'RECORD' ? jsonWriter(column) : scalar(column);
  return (value) => (value === null || value === undefined ? null : one(value));
}

function scalar({ type }: Column): ToSqlite {
  switch (type) {
    case 'BOOLEAN':
      return (value) => (value === true ? 1n : 0n);
    case 'FLOAT':
      // Kept as this text: SQLite makes NULL of the number.
      return (value) => (Number.isNaN(value) ? 'NaN' : (value as number));
    case 'TIMESTAMP':
      return (value) => momentCell(momentText(value as bigint));
    case 'TIME':
    case 'DATETIME':
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return (value) => shortest(String(value));
    default:
      return (value) => value as SQLInputValue;
  }
}

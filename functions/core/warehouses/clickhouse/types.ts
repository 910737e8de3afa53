import type { Column } from '../../schema.ts';
import { systemColumns } from '../../schema.ts';

/**
 * ClickHouse's types, chosen so that nothing is lost:
 *
 * - TIME is text: `Time64` is new and not on all servers, and `HH:MM:SS.ffffff` sorts as it should.
 * - DATETIME and TIMESTAMP are both moments in a zone without shifts; the two spellings of the zone tell them apart.
 * - JSON, RECORD and lists are JSON text: ClickHouse's JSON type rounds numbers and reorders keys, a Tuple cannot be
 *   NULL, and an Array cannot either. `JSONExtract…` functions read the text.
 */
const scalarTypes = {
  STRING: 'String',
  BYTES: 'String',
  INTEGER: 'Int64',
  FLOAT: 'Float64',
  NUMERIC: 'Decimal(38, 9)',
  BIGNUMERIC: 'Decimal(76, 38)',
  BOOLEAN: 'Bool',
  DATE: 'Date32',
  TIME: 'String',
  DATETIME: "DateTime64(6, 'Etc/UTC')",
  TIMESTAMP: "DateTime64(6, 'UTC')",
  JSON: 'String',
  RECORD: 'String',
} as const;

/** First and last day of a Date32. https://clickhouse.com/docs/sql-reference/data-types/date32 */
export const firstDay = '1900-01-01';
export const lastDay = '2299-12-31';

/** The type of a column that may hold NULL. */
export function nullableType(column: Column): string {
  return `Nullable(${bareType(column)})`;
}

export function bareType(column: Column): string {
  return column.mode === 'REPEATED' ? 'String' : scalarTypes[column.type];
}

export function clickhouseType(column: Column): string {
  return column.mode === 'REQUIRED' ? bareType(column) : nullableType(column);
}

/** The columns of a table as they stand in the warehouse: the schema file's, then the kit's own. */
export function allColumns(columns: readonly Column[]): readonly Column[] {
  return [...columns, ...systemColumns];
}

/**
 * Columns that `SELECT *` does not show. A row is told from others by the table's key and `_copy`, `_row`: zero for rows
 * that were written by key, and for others the stage they came in and their place in it, so that the same stage put into
 * the table twice is there once. The greatest `_version` counts.
 */
export const hiddenColumns = [
  '`_copy` UInt128 MATERIALIZED 0 CODEC(ZSTD(1))',
  '`_row` UInt64 MATERIALIZED 0 CODEC(Delta, ZSTD(1))',
  '`_version` UInt64 MATERIALIZED 0 CODEC(ZSTD(1))',
  '`_is_deleted` UInt8 MATERIALIZED 0 CODEC(ZSTD(1))',
] as const;

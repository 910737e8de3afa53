import { ident } from '../../files/quote.ts';
import type { Column } from '../../schema.ts';
import { systemColumns } from '../../schema.ts';

/**
 * JSON is `jsonb` and not `json`: rows must be comparable to tell what a merge changed, and jsonb is what PostgreSQL sources
 * send in binary. It keeps every value and every digit, but not the order of names nor the spaces between them.
 */
const scalarTypes = {
  STRING: 'text',
  BYTES: 'bytea',
  INTEGER: 'bigint',
  FLOAT: 'double precision',
  NUMERIC: 'numeric(38,9)',
  BIGNUMERIC: 'numeric(76,38)',
  BOOLEAN: 'boolean',
  DATE: 'date',
  TIME: 'time without time zone',
  DATETIME: 'timestamp without time zone',
  TIMESTAMP: 'timestamp with time zone',
  JSON: 'jsonb',
  RECORD: 'jsonb',
} as const;

/** Type of a column as the server's `format_type` prints it. */
export function postgresType({ type, mode }: Column): string {
  return mode === 'REPEATED' ? 'jsonb' : scalarTypes[type];
}

/** The columns of a table as they stand in the warehouse: the schema file's, then the kit's own. */
export function allColumns(columns: readonly Column[]): readonly Column[] {
  return [...columns, ...systemColumns];
}

/**
 * What `_origin` is when a row does not say: bytes are copied into a table as they come from the source, which knows of no
 * origin. Sessions that copy set it; in all others it is NULL.
 */
export const originSetting = 'catchment.origin';

export const originDefault = `NULLIF(current_setting('${originSetting}', true), '')`;

/** `"name" type [DEFAULT …] [NOT NULL]` for each column. */
export function columnDefinitions(columns: readonly Column[]): string {
  return columns
    .map((column) => {
      const fallback = column.name === '_origin' ? ` DEFAULT ${originDefault}` : '';
      return `${ident(column.name)} ${postgresType(column)}${fallback}${column.mode === 'REQUIRED' ? ' NOT NULL' : ''}`;
    })
    .join(', ');
}

/** Names as an SQL list. */
export function list(columns: readonly Pick<Column, 'name'>[]): string {
  return columns.map(({ name }) => ident(name)).join(', ');
}

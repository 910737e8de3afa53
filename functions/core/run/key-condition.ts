import { Bad } from '../rows/bad.ts';
import { fieldsOf } from '../rows/coerce.ts';
import { momentText } from '../rows/json-text.ts';
import type { Column, ColumnType } from '../schema.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';

/** SQL that holds for the rows of a table with this value in a column; undefined when the column can hold no such value. */
export type KeyCondition = (value: unknown) => string | undefined;

type Kind = Warehouse['kind'];

/**
 * How a column is compared with values in SQL of a warehouse. The values are the source's; NULL is a value like any other.
 *
 * @returns undefined for types that are no key: lists, records, JSON
 */
export function keyCondition(kind: Kind, column: Column): KeyCondition | undefined {
  const { type, mode } = column;
  if (mode === 'REPEATED' || type === 'RECORD' || type === 'JSON') return undefined;
  const name = kind === 'bigquery' ? `\`${column.name}\`` : `"${column.name}"`;
  const { fields } = fieldsOf([{ ...column, mode: 'NULLABLE' }], { path: [], note: () => {} });
  const literal = literals[kind];
  return (raw) => {
    const value = fields[0]?.coerce(raw);
    if (value instanceof Bad) return undefined;
    if (value === null || value === undefined) return `${name} IS NULL`;
    // Where a NaN equals nothing, not even itself.
    if (Number.isNaN(value) && kind === 'bigquery') return `IS_NAN(${name})`;
    if (Number.isNaN(value) && kind === 'clickhouse') return `isNaN(${name})`;
    return `${name} = ${literal(type, value)}`;
  };
}

/** A canonical value (see `ColumnBatch`) as the warehouse keeps it in a column of this type. */
type Literal = (type: ColumnType, value: unknown) => string;

const literals: Readonly<Record<Kind, Literal>> = {
  duckdb: (type, value) =>
    type === 'BYTES'
      ? `unhex('${hexOf(value)}')`
      : castOf(type, value, {
          ...{ FLOAT: 'DOUBLE', NUMERIC: 'DECIMAL(38,9)', BIGNUMERIC: 'VARCHAR' },
          ...{ DATETIME: 'TIMESTAMP', TIMESTAMP: 'TIMESTAMPTZ' },
        }),
  postgres: (type, value) =>
    type === 'BYTES'
      ? `decode('${hexOf(value)}', 'hex')`
      : castOf(type, value, {
          ...{ FLOAT: 'double precision', NUMERIC: 'numeric', BIGNUMERIC: 'numeric' },
          ...{ DATETIME: 'timestamp', TIMESTAMP: 'timestamptz' },
        }),
  bigquery: (type, value) =>
    type === 'BYTES' ? `FROM_HEX('${hexOf(value)}')` : castOf(type, value, { FLOAT: 'FLOAT64' }, escapedText),
  clickhouse(type, value) {
    if (type === 'BYTES') return `unhex('${hexOf(value)}')`;
    const text = escapedText(textOf(type, value));
    const made = clickhouseMakers[type];
    return made === undefined ? text : made(text);
  },
  sqlite(type, value) {
    if (type === 'BYTES') return `x'${hexOf(value)}'`;
    if (type === 'BOOLEAN') return value === true ? '1' : '0';
    if (type === 'FLOAT' && Number.isFinite(value)) return `${value}`;
    if (type === 'FLOAT') return Number.isNaN(value) ? `'NaN'` : `${Number(value) < 0 ? '-' : ''}9e999`;
    const text = textOf(type, value);
    return type === 'INTEGER' ? text : quotedText(kept.includes(type) ? shortest(text) : text);
  },
};

/** Columns of SQLite that keep these as texts, without zeros at the end of a fraction. */
const kept: readonly ColumnType[] = ['NUMERIC', 'BIGNUMERIC', 'TIME', 'DATETIME', 'TIMESTAMP'];

const clickhouseMakers: { readonly [K in ColumnType]?: (text: string) => string } = {
  INTEGER: (text) => `toInt64(${text})`,
  FLOAT: (text) => `toFloat64(${text})`,
  NUMERIC: (text) => `toDecimal128(${text}, 9)`,
  BIGNUMERIC: (text) => `toDecimal256(${text}, 38)`,
  BOOLEAN: (text) => `toBool(${text})`,
  DATE: (text) => `toDate32(${text})`,
  DATETIME: (text) => `toDateTime64(${text}, 6, 'Etc/UTC')`,
  // Its zone is known, and the reader takes none.
  TIMESTAMP: (text) => `toDateTime64(${text.replace("+00'", "'")}, 6, 'UTC')`,
};

/** Types that a plain literal says; all others are cast from their text, so that no digit is lost on the way. */
function castOf(
  type: ColumnType,
  value: unknown,
  names: { readonly [K in ColumnType]?: string },
  quote: (text: string) => string = quotedText,
): string {
  const text = textOf(type, value);
  if (type === 'INTEGER' || type === 'BOOLEAN') return text;
  return type === 'STRING' ? quote(text) : `CAST(${quote(text)} AS ${names[type] ?? type})`;
}

function textOf(type: ColumnType, value: unknown): string {
  return type === 'TIMESTAMP' ? `${momentText(value as bigint)}+00` : String(value);
}

function hexOf(value: unknown): string {
  return Buffer.from(value as Uint8Array).toString('hex');
}

/** `12:00:00.500000+00` becomes `12:00:00.5+00`. */
function shortest(text: string): string {
  return text.replace(/(\.\d*?)0+(\+00)?$/, '$1$2').replace(/\.(\+00)?$/, '$1');
}

function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Where a backslash in a text is an escape. */
function escapedText(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n');
  return `'${escaped.replaceAll('\r', '\\r')}'`;
}

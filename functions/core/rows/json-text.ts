import type { Column } from '../schema.ts';

/** Microseconds since 1970 as text in UTC, without a zone: `YYYY-MM-DD HH:MM:SS[.ffffff]`. */
export function momentText(micros: bigint): string {
  const part = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const iso = new Date(Number((micros - part) / 1000n)).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${part === 0n ? '' : `.${String(part).padStart(6, '0')}`}`;
}

/**
 * Writes canonical values (see `ColumnBatch`) of a column as JSON text, for warehouses that keep RECORD and REPEATED
 * columns so: INTEGER, NUMERIC and BIGNUMERIC as their digits, BYTES as base64, TIMESTAMP as `momentText`, JSON as it is.
 */
export function jsonWriter(column: Column): (value: unknown) => string {
  const one = column.type === 'RECORD' ? recordWriter(column.fields ?? []) : scalars[column.type];
  const orNull = (value: unknown) => (value === null || value === undefined ? 'null' : one(value));
  if (column.mode !== 'REPEATED') return orNull;
  return (value) =>
    value === null || value === undefined
      ? 'null'
      : `[${(value as readonly unknown[]).map(orNull).join(',')}]`;
}

function recordWriter(fields: readonly Column[]): (value: unknown) => string {
  const parts = fields.map((field) => ({
    name: field.name,
    start: `${JSON.stringify(field.name)}:`,
    write: jsonWriter(field),
  }));
  return (value) => {
    const record = value as Readonly<Record<string, unknown>>;
    return `{${parts.map(({ name, start, write }) => start + write(record[name])).join(',')}}`;
  };
}

const digits = (value: unknown) => String(value);
const quoted = (value: unknown) => JSON.stringify(value);

const scalars: Readonly<Record<Exclude<Column['type'], 'RECORD'>, (value: unknown) => string>> = {
  STRING: quoted,
  BYTES: (value) => quoted(Buffer.from(value as Uint8Array).toString('base64')),
  INTEGER: digits,
  FLOAT: (value) => (Number.isFinite(value) ? String(value) : quoted(String(value))),
  NUMERIC: digits,
  BIGNUMERIC: digits,
  BOOLEAN: digits,
  DATE: quoted,
  TIME: quoted,
  DATETIME: quoted,
  TIMESTAMP: (value) => quoted(momentText(value as bigint)),
  JSON: digits,
};

import type { Column, ColumnType } from '../schema.ts';
import { Bad } from './bad.ts';
import { toDecimal, toFloat, toInteger } from './coerce-number.ts';
import { toBoolean, toBytes, toJson, toText } from './coerce-text.ts';
import { toDate, toDatetime, toTime, toTimestamp } from './coerce-time.ts';

/** A value in its canonical form (see `ColumnBatch`), or why it has none. */
export type Coerce = (value: unknown) => unknown;

/** Where fields of records go that no column takes. */
export interface Strays {
  /** Names and positions of what is around the value at hand, the outermost first. */
  readonly path: (string | number)[];
  note(field: string, value: unknown): void;
}

export interface Field {
  readonly name: string;
  read(row: Readonly<Record<string, unknown>>): unknown;
  readonly coerce: Coerce;
}

const scalars: Readonly<Record<Exclude<ColumnType, 'RECORD'>, Coerce>> = {
  STRING: toText,
  BYTES: toBytes,
  INTEGER: toInteger,
  FLOAT: toFloat,
  NUMERIC: toDecimal(29, 9),
  BIGNUMERIC: toDecimal(38, 38),
  BOOLEAN: toBoolean,
  DATE: toDate,
  TIME: toTime,
  DATETIME: toDatetime,
  TIMESTAMP: toTimestamp,
  JSON: toJson,
};

/** Builds the check of columns once, so that a row costs no look at the schema. */
export function fieldsOf(
  columns: readonly Column[],
  strays: Strays,
): { readonly fields: readonly Field[]; readonly known: ReadonlySet<string> } {
  const fields = columns.map(
    (column): Field => ({
      name: column.name,
      read: readerOf(column.sourceName ?? column.name),
      coerce: coerceOf(column, strays),
    }),
  );
  return { fields, known: new Set(columns.map((column) => column.sourceName ?? column.name)) };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** A column may be called "constructor", which every object inherits. */
function readerOf(name: string): Field['read'] {
  return name in {} ? (row) => (Object.hasOwn(row, name) ? row[name] : undefined) : (row) => row[name];
}

function coerceOf(column: Column, strays: Strays): Coerce {
  const one = column.type === 'RECORD' ? recordOf(column.fields ?? [], strays) : scalars[column.type];
  const each = column.mode === 'REPEATED' ? listOf(one, strays) : one;
  const coerce = column.type === 'RECORD' ? below(column.name, each, strays) : each;
  // A missing list is empty: BigQuery knows no NULL list.
  if (column.mode === 'REPEATED')
    return (value) => (value === null || value === undefined ? [] : coerce(value));
  if (column.mode === 'REQUIRED')
    return (value) =>
      value === null || value === undefined ? new Bad('is required and missing', value) : coerce(value);
  return (value) => (value === null || value === undefined ? null : coerce(value));
}

function below(step: string | number, coerce: Coerce, { path }: Strays): Coerce {
  return (value) => {
    path.push(step);
    const made = coerce(value);
    path.pop();
    return made;
  };
}

/** BigQuery knows no NULL inside a list either. */
function listOf(one: Coerce, { path }: Strays): Coerce {
  return (value) => {
    if (!Array.isArray(value)) return new Bad('is not a list', value);
    const items: unknown[] = [];
    for (const [index, item] of value.entries()) {
      path.push(index);
      const made = item === null || item === undefined ? new Bad('is NULL inside a list', item) : one(item);
      path.pop();
      if (made instanceof Bad) return made.under(`[${index}]`);
      items.push(made);
    }
    return items;
  };
}

function recordOf(columns: readonly Column[], strays: Strays): Coerce {
  const { fields, known } = fieldsOf(columns, strays);
  return (value) => {
    if (!isRecord(value)) return new Bad('is not a record', value);
    const record: Record<string, unknown> = {};
    for (const { name, read, coerce } of fields) {
      const made = coerce(read(value));
      if (made instanceof Bad) return made.under(`.${name}`);
      record[name] = made;
    }
    for (const field of Object.keys(value)) if (!known.has(field)) strays.note(field, value[field]);
    return record;
  };
}

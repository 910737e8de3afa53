import type { Column, ColumnType } from '../schema.ts';
import { Bad } from './bad.ts';
import { toDecimal, toFloat, toInteger } from './coerce-number.ts';
import { toBoolean, toBytes, toJson, toText } from './coerce-text.ts';
import { toDate, toDatetime, toTime, toTimestamp } from './coerce-time.ts';

/** A value in its canonical form (see `ColumnBatch`), or why it has none. */
export type Coerce = (value: unknown) => unknown;

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

/** Builds the check of one column once, so that a row costs no look at the schema. */
export function coerceOf(column: Column): Coerce {
  const one = column.type === 'RECORD' ? recordOf(column.fields ?? []) : scalars[column.type];
  if (column.mode === 'REPEATED') return listOf(one);
  if (column.mode === 'REQUIRED')
    return (value) =>
      value === null || value === undefined ? new Bad('is required and missing', value) : one(value);
  return (value) => (value === null || value === undefined ? null : one(value));
}

/** A missing list is empty: BigQuery knows no NULL list, and no NULL inside one. */
function listOf(one: Coerce): Coerce {
  return (value) => {
    if (value === null || value === undefined) return [];
    if (!Array.isArray(value)) return new Bad('is not a list', value);
    const items: unknown[] = [];
    for (const [index, item] of value.entries()) {
      const made = item === null || item === undefined ? new Bad('is NULL inside a list', item) : one(item);
      if (made instanceof Bad) return made.under(`[${index}]`);
      items.push(made);
    }
    return items;
  };
}

function recordOf(fields: readonly Column[]): Coerce {
  const parts = fields.map((field) => ({
    name: field.name,
    from: field.sourceName ?? field.name,
    coerce: coerceOf(field),
  }));
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return new Bad('is not a record', value);
    const record: Record<string, unknown> = {};
    for (const { name, from, coerce } of parts) {
      const made = coerce((value as Record<string, unknown>)[from]);
      if (made instanceof Bad) return made.under(`.${name}`);
      record[name] = made;
    }
    return record;
  };
}

import type { Column } from '../../schema.ts';

/** What dates and times a warehouse can hold. @default the years 1 to 9999 */
export interface Years {
  readonly first: number;
  readonly last: number;
  /** A TIME has no zero at the end of its fraction. @default false */
  readonly isShortTime?: boolean;
}

/** How cells are looked at; the same numbers as in `assembly/cell.ts`. */
export const cellKinds = {
  text: 0,
  integer: 1,
  numeric: 2,
  bignumeric: 3,
  float: 4,
  boolean: 5,
  json: 6,
  date: 7,
  time: 8,
  shortTime: 9,
  datetime: 10,
  timestamp: 11,
  canonicalInteger: 12,
  canonicalFloat: 13,
  canonicalBoolean: 14,
  canonicalTime: 15,
  canonicalBytes: 16,
} as const;

/**
 * How cells of a column are told from those that only a close look can read: `1.5` in a column of whole numbers, `today`
 * as a date, a zone that would be dropped. Undefined for a type that is always looked at closely; `text` needs no look.
 */
export function cellKind(column: Column, isShortTime = false): number | undefined {
  if (column.mode === 'REPEATED' || column.format !== undefined) return undefined;
  switch (column.type) {
    case 'STRING':
      return cellKinds.text;
    case 'INTEGER':
      return cellKinds.integer;
    case 'NUMERIC':
      return cellKinds.numeric;
    case 'BIGNUMERIC':
      return cellKinds.bignumeric;
    case 'FLOAT':
      return cellKinds.float;
    case 'BOOLEAN':
      return cellKinds.boolean;
    case 'DATE':
      return cellKinds.date;
    case 'TIME':
      return isShortTime ? cellKinds.shortTime : cellKinds.time;
    case 'DATETIME':
      return cellKinds.datetime;
    case 'TIMESTAMP':
      return cellKinds.timestamp;
    case 'JSON':
      return cellKinds.json;
    default:
      return undefined;
  }
}

/** How cells in the canonical text of `bytes.ts` are looked at. */
export function canonicalKind(column: Column): number {
  if (column.mode === 'REPEATED' || column.type === 'RECORD') return cellKinds.text;
  switch (column.type) {
    case 'INTEGER':
      return cellKinds.canonicalInteger;
    case 'FLOAT':
      return cellKinds.canonicalFloat;
    case 'BOOLEAN':
      return cellKinds.canonicalBoolean;
    case 'TIME':
      return cellKinds.canonicalTime;
    case 'BYTES':
      return cellKinds.canonicalBytes;
    case 'JSON':
      return cellKinds.text;
    default:
      return cellKind({ ...column, format: undefined }) ?? cellKinds.text;
  }
}

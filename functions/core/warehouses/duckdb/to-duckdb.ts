import type * as DuckDB from '@duckdb/node-api';
import type { DuckDBValue } from '@duckdb/node-api';
import type { Column } from '../../schema.ts';

/** A canonical value (see `ColumnBatch`) as DuckDB's binding takes it. */
export type ToDuckdb = (value: unknown) => DuckDBValue;

type Api = typeof DuckDB;

/** Chooses the conversion of one column once. The binding comes as an argument because it is loaded lazily. */
export function toDuckdb(column: Column, api: Api): ToDuckdb {
  const one = column.type === 'RECORD' ? recordOf(column.fields ?? [], api) : scalar(column, api);
  if (column.mode !== 'REPEATED') return (value) => (value === null ? null : one(value));
  return (value) => (value === null ? null : new api.DuckDBListValue((value as unknown[]).map(one)));
}

function scalar({ type }: Column, api: Api): ToDuckdb {
  switch (type) {
    case 'DATE':
      return cached((text) => new api.DuckDBDateValue(daysOf(text)));
    case 'TIME':
      return (value) => new api.DuckDBTimeValue(BigInt(timeMicros(String(value))));
    case 'DATETIME':
      return (value) => {
        const text = String(value);
        return new api.DuckDBTimestampValue(
          BigInt(daysOf(text)) * 86_400_000_000n + BigInt(timeMicros(text, 11)),
        );
      };
    case 'TIMESTAMP':
      return (value) => new api.DuckDBTimestampTZValue(value as bigint);
    case 'NUMERIC':
      return (value) => new api.DuckDBDecimalValue(scaled(String(value), 9), 38, 9);
    case 'BYTES':
      return (value) => new api.DuckDBBlobValue(value as Uint8Array);
    default:
      return (value) => value as DuckDBValue;
  }
}

function recordOf(fields: readonly Column[], api: Api): ToDuckdb {
  const parts = fields.map((field) => ({ name: field.name, convert: toDuckdb(field, api) }));
  return (value) => {
    const record = value as Record<string, unknown>;
    const entries: Record<string, DuckDBValue> = {};
    for (const { name, convert } of parts) entries[name] = convert(record[name] ?? null);
    return new api.DuckDBStructValue(entries);
  };
}

/** Rows of a page share a few days; the last one is enough to remember. */
function cached(make: (text: string) => DuckDBValue): ToDuckdb {
  let last: string | undefined;
  let made: DuckDBValue = null;
  return (value) => {
    if (value !== last) {
      last = String(value);
      made = make(last);
    }
    return made;
  };
}

/** @param day begins with `YYYY-MM-DD` */
function daysOf(day: string): number {
  return Math.round(
    epoch.setUTCFullYear(
      twoDigits(day, 0) * 100 + twoDigits(day, 2),
      twoDigits(day, 5) - 1,
      twoDigits(day, 8),
    ) / 86_400_000,
  );
}

/** One for all: it is set anew each time, and its time of the day is always 0. */
const epoch = new Date(0);

/** @param time `HH:MM:SS[.ffffff]`, at `from` of the text */
function timeMicros(time: string, from = 0): number {
  const seconds = (twoDigits(time, from) * 60 + twoDigits(time, from + 3)) * 60 + twoDigits(time, from + 6);
  const fraction = time.slice(from + 9, from + 15);
  return seconds * 1_000_000 + (fraction === '' ? 0 : Number(fraction.padEnd(6, '0')));
}

function twoDigits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 11 * zero;
}

const zero = 48;

function scaled(decimal: string, scale: number): bigint {
  const isNegative = decimal.startsWith('-');
  const [whole = '0', fraction = ''] = decimal.replace('-', '').split('.');
  const value = BigInt(whole + fraction.padEnd(scale, '0'));
  return isNegative ? -value : value;
}

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
      return (value) => new api.DuckDBTimeValue(timeMicros(String(value)));
    case 'DATETIME':
      return (value) => {
        const text = String(value);
        return new api.DuckDBTimestampValue(
          BigInt(daysOf(text.slice(0, 10))) * 86_400_000_000n + timeMicros(text.slice(11)),
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

function daysOf(day: string): number {
  return Math.round(
    new Date(0).setUTCFullYear(
      Number(day.slice(0, 4)),
      Number(day.slice(5, 7)) - 1,
      Number(day.slice(8, 10)),
    ) / 86_400_000,
  );
}

function timeMicros(time: string): bigint {
  const [hours = '0', minutes = '0', seconds = '0'] = time.split(':');
  const [whole = '0', fraction = ''] = seconds.split('.');
  return (
    BigInt((Number(hours) * 60 + Number(minutes)) * 60 + Number(whole)) * 1_000_000n +
    BigInt(fraction.padEnd(6, '0').slice(0, 6))
  );
}

function scaled(decimal: string, scale: number): bigint {
  const isNegative = decimal.startsWith('-');
  const [whole = '0', fraction = ''] = decimal.replace('-', '').split('.');
  const value = BigInt(whole + fraction.padEnd(scale, '0'));
  return isNegative ? -value : value;
}

import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import * as duckdb from '@duckdb/node-api';
import type { ResultField } from '../cells.ts';

export interface ResultRows {
  readonly fields: readonly ResultField[];
  readonly rows: readonly { readonly f: readonly { readonly v: unknown }[] }[];
}

/** Runs a SELECT and gives its rows the way BigQuery writes them. */
export async function readResult(connection: DuckDBConnection, sql: string): Promise<ResultRows> {
  const reader = await connection.runAndReadAll(sql);
  const types = reader.columnTypes();
  const fields = reader.columnNames().map((name, index) => fieldOf(name, types[index] as DuckDBType));
  const rows = reader
    .getRows()
    .map((row) => ({ f: row.map((value, index) => ({ v: cellOf(value, types[index] as DuckDBType) })) }));
  return { fields, rows };
}

const names: Readonly<Record<string, string>> = {
  VARCHAR: 'STRING',
  BLOB: 'BYTES',
  BIGINT: 'INTEGER',
  INTEGER: 'INTEGER',
  HUGEINT: 'INTEGER',
  DOUBLE: 'FLOAT',
  BOOLEAN: 'BOOLEAN',
  DATE: 'DATE',
  TIME: 'TIME',
  TIMESTAMP: 'DATETIME',
  'TIMESTAMP WITH TIME ZONE': 'TIMESTAMP',
  INTERVAL: 'INTERVAL',
};

function fieldOf(name: string, type: DuckDBType): ResultField {
  if (type instanceof duckdb.DuckDBListType) return { ...fieldOf(name, type.valueType), mode: 'REPEATED' };
  if (type instanceof duckdb.DuckDBStructType) {
    const fields = type.entryNames.map((inner, index) =>
      fieldOf(inner, type.entryTypes[index] as DuckDBType),
    );
    return { name, type: 'RECORD', mode: 'NULLABLE', fields };
  }
  if (type.alias === 'JSON' || type.alias === 'GEOGRAPHY')
    return { name, type: type.alias, mode: 'NULLABLE' };
  if (type instanceof duckdb.DuckDBDecimalType) return { name, type: 'NUMERIC', mode: 'NULLABLE' };
  return { name, type: names[String(type)] ?? 'STRING', mode: 'NULLABLE' };
}

function cellOf(value: DuckDBValue, type: DuckDBType): unknown {
  if (value === null) return null;
  if (type instanceof duckdb.DuckDBListType)
    return (value as duckdb.DuckDBListValue).items.map((item) => ({ v: cellOf(item, type.valueType) }));
  if (type instanceof duckdb.DuckDBStructType) {
    const { entries } = value as duckdb.DuckDBStructValue;
    return {
      f: type.entryNames.map((name, index) => ({
        v: cellOf(entries[name] ?? null, type.entryTypes[index] as DuckDBType),
      })),
    };
  }
  if (value instanceof duckdb.DuckDBTimestampValue) return String(value).replace(' ', 'T');
  if (value instanceof duckdb.DuckDBTimestampTZValue) return String(value.micros);
  if (value instanceof duckdb.DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  // BigQuery writes no zeros at the end.
  if (value instanceof duckdb.DuckDBDecimalValue)
    return String(value).replace(/\.?0+$/, (zeros) =>
      zeros.startsWith('.') || String(value).includes('.') ? '' : zeros,
    );
  return String(value);
}

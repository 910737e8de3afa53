import { gunzipSync } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import * as duckdb from '@duckdb/node-api';
import type { Column } from '../../../schema.ts';
import { toDuckdb } from '../../duckdb/to-duckdb.ts';
import { refuse } from './refuse.ts';

/**
 * Loads newline-delimited JSON into a table, all of it or nothing. Stricter than BigQuery: a value must have the very
 * spelling that the warehouse promises to write.
 *
 * @returns rows loaded
 */
export async function loadLines(
  connection: DuckDBConnection,
  table: LoadTable,
  content: Uint8Array,
): Promise<number> {
  const isGzip = content[0] === 0x1f && content[1] === 0x8b;
  const text = Buffer.from(isGzip ? gunzipSync(content) : content).toString('utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  return appendRows(
    connection,
    table,
    lines.map((line, index) => readLine(table.columns, line, index + 1)),
  );
}

export interface LoadTable {
  readonly dataset: string;
  readonly name: string;
  readonly columns: readonly Column[];
}

/** @returns how many they were */
export async function appendRows(
  connection: DuckDBConnection,
  table: LoadTable,
  rows: readonly (readonly unknown[])[],
): Promise<number> {
  const appender = await connection.createAppender(table.name, table.dataset);
  const types = table.columns.map((_, index) => appender.columnType(index));
  const converters = table.columns.map((column) => toDuckdb(column, duckdb));
  for (let from = 0; from < rows.length; from += 2048) {
    const part = rows.slice(from, from + 2048);
    const chunk = duckdb.DuckDBDataChunk.create(types, part.length);
    chunk.setColumns(converters.map((convert, index) => part.map((row) => convert(row[index]))));
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  return rows.length;
}

function readLine(columns: readonly Column[], line: string, number: number): unknown[] {
  const row = record(JSON.parse(line), `row ${number}`);
  for (const name of Object.keys(row))
    if (!columns.some((column) => column.name === name)) refuse('invalid', `No such field: ${name}`);
  return columns.map((column) => readValue(column, row[column.name], `${column.name} of row ${number}`));
}

function readValue(column: Column, value: unknown, where: string): unknown {
  if (column.mode === 'REPEATED') {
    if (value === undefined) return [];
    if (!Array.isArray(value)) return refuse('invalid', `Array specified for non-repeated field: ${where}`);
    return value.map((item) => readValue({ ...column, mode: 'REQUIRED' }, item, where));
  }
  if (value === undefined || value === null) {
    if (column.mode === 'REQUIRED') refuse('invalid', `Missing required field: ${where}`);
    return null;
  }
  if (column.type === 'RECORD') {
    const fields = column.fields ?? [];
    const given = record(value, where);
    return Object.fromEntries(
      fields.map((field) => [field.name, readValue(field, given[field.name], where)]),
    );
  }
  return scalar(column, value, where);
}

const spellings: Readonly<Partial<Record<Column['type'], RegExp>>> = {
  INTEGER: /^-?\d{1,19}$/,
  NUMERIC: /^-?\d{1,29}(\.\d{1,9})?$/,
  BIGNUMERIC: /^-?\d{1,39}(\.\d{1,38})?$/,
  DATE: /^\d{4}-\d\d-\d\d$/,
  TIME: /^\d\d:\d\d:\d\d(\.\d{1,6})?$/,
  DATETIME: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/,
  TIMESTAMP: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00:00$/,
  BYTES: /^[A-Za-z0-9+/]*=*$/,
};

export function scalar({ type }: Column, value: unknown, where: string): unknown {
  if (type === 'BOOLEAN' || (type === 'FLOAT' && typeof value === 'number')) {
    if (typeof value === (type === 'BOOLEAN' ? 'boolean' : 'number')) return value;
    return refuse('invalid', `Could not convert value to ${type}: ${where}`);
  }
  if (typeof value !== 'string' || !(spellings[type] ?? /^/).test(value))
    return refuse('invalid', `Could not convert value to ${type}: ${where}`);
  if (type === 'FLOAT') return Number(value);
  if (type === 'BYTES') return new Uint8Array(Buffer.from(value, 'base64'));
  if (type === 'INTEGER') {
    const number = BigInt(value);
    if (number !== BigInt.asIntN(64, number)) refuse('invalid', `out of range: ${where}`);
    return number;
  }
  if (type === 'TIMESTAMP') {
    const [whole = '', fraction = ''] = value.replace('+00:00', '').split('.');
    return BigInt(Date.parse(`${whole.replace(' ', 'T')}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
  }
  return value;
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  return refuse('invalid', `no record: ${where}`);
}

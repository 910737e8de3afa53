import type { Buffer } from 'node:buffer';
import { createReadStream } from 'node:fs';
import type { FileRef } from '../extract.ts';
import type { TableTarget } from '../pipeline.ts';
import type { Column } from '../schema.ts';
import { inspectFile } from './inspect-file.ts';
import type { Years } from './look/cell-kind.ts';
import { isExpected } from './match-columns.ts';
import type { ParquetColumn, ParquetType } from './parquet-footer.ts';
import { readParquetFooter } from './parquet-footer.ts';

/** A Parquet file whose footer proves that each value fits its column, and is the same for every reader. */
export interface PlainParquet {
  readonly ref: FileRef;
  /** The schema's columns that the file has, under its names. Texts may still hold bytes that are no UTF-8. */
  readonly columns: readonly Column[];
  readonly names: readonly string[];
  readonly rows: number;
  readonly size: number;
  /** The bytes of the file. */
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * Reads the footer of a file. Undefined when it names other columns than the schema's, or proves too little: a REQUIRED
 * column that may hold NULL, a day beyond the years of the warehouse, a type that has to be converted.
 *
 * @throws fatal `bad-file` for a file that is not there
 */
export async function plainParquet(
  { columns: wanted, key, name: where }: Pick<TableTarget, 'columns' | 'key' | 'name'>,
  ref: FileRef,
  years: Years = { first: 1, last: 9999 },
): Promise<PlainParquet | undefined> {
  if (ref.format !== 'parquet') return undefined;
  const file = await inspectFile(ref, where);
  const footer = await readParquetFooter(ref.path);
  if (footer === undefined || footer.columns.length === 0) return undefined;
  const names = footer.columns.map(({ name }) => name);
  // Names in two ways of writing are for a closer look.
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) return undefined;
  const nameOf = (column: Column) => column.sourceName ?? column.name;
  const columns: Column[] = [];
  for (const held of footer.columns) {
    const column = wanted.find((each) => nameOf(each) === held.name);
    if (column === undefined || !/^\w+$/.test(held.name) || !isProven(column, held, years)) return undefined;
    columns.push(column);
  }
  const isWhole = wanted.every((column) => !isExpected(column, key) || names.includes(nameOf(column)));
  if (!isWhole) return undefined;
  return {
    ...{ ref, columns, names, rows: footer.rows, size: file.bytes },
    chunks: () => createReadStream(ref.path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>,
  };
}

function isProven(column: Column, { type, nulls, bounds }: ParquetColumn, years: Years): boolean {
  if (type === undefined || column.mode === 'REPEATED') return false;
  if (column.mode === 'REQUIRED' && nulls !== 0) return false;
  return fits(column, type) && isWithin(type, bounds, years);
}

function fits({ type: wanted }: Column, type: ParquetType): boolean {
  switch (wanted) {
    case 'STRING':
      return type.kind === 'text';
    case 'BYTES':
      return type.kind === 'bytes';
    case 'BOOLEAN':
      return type.kind === 'boolean';
    case 'INTEGER':
      return type.kind === 'integer' && (type.isSigned || type.bits < 64);
    case 'FLOAT':
      return type.kind === 'float' || type.kind === 'double';
    case 'NUMERIC':
      return type.kind === 'decimal' && type.scale <= 9 && type.precision - type.scale <= 29;
    case 'DATE':
      return type.kind === 'date';
    case 'TIME':
      return type.kind === 'time';
    case 'JSON':
      return type.kind === 'json';
    case 'DATETIME':
      return type.kind === 'moment' && type.unit !== 'ns' && !type.isUtc;
    case 'TIMESTAMP':
      return type.kind === 'moment' && type.unit !== 'ns' && type.isUtc;
    default:
      return false;
  }
}

const dayMs = 86_400_000;

/** True when all days are within the years. */
function isWithin(type: ParquetType, bounds: ParquetColumn['bounds'], { first, last }: Years): boolean {
  if (type.kind !== 'date' && type.kind !== 'moment') return true;
  const [from, to] = [dateOf(first), dateOf(last + 1)];
  const unit = type.kind === 'moment' ? type.unit : undefined;
  const msOf = (bytes: Buffer) => {
    if (unit === undefined) return bytes.length === 4 ? bytes.readInt32LE(0) * dayMs : Number.NaN;
    const per = unit === 'us' ? 1000n : 1n;
    // Rounded down, which is on the right side at both ends.
    return bytes.length === 8 ? Number(floorDiv(bytes.readBigInt64LE(0), per)) : Number.NaN;
  };
  return bounds?.every(({ least, greatest }) => msOf(least) >= from && msOf(greatest) < to) ?? false;
}

function dateOf(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import type { ThriftStruct } from './thrift.ts';
import { listOf, numberOf, readThrift, structOf, textOf } from './thrift.ts';

/** What the end of a Parquet file says about all of its rows. https://parquet.apache.org/docs/file-format/metadata/ */
export interface ParquetFooter {
  readonly rows: number;
  /** The columns at the top, in order. */
  readonly columns: readonly ParquetColumn[];
}

export interface ParquetColumn {
  readonly name: string;
  /** Undefined for lists and records. */
  readonly type: ParquetType | undefined;
  /** NULLs in all row groups; undefined where one does not say. */
  readonly nulls: number | undefined;
  /** Least and greatest value as they are stored; undefined where a row group with values does not say. */
  readonly bounds: readonly { readonly least: Buffer; readonly greatest: Buffer }[] | undefined;
}

/** A type together with all that its values are read by. */
export type ParquetType =
  | { readonly kind: 'boolean' | 'float' | 'double' | 'text' | 'json' | 'bytes' | 'date' | 'time' }
  /** Signed unless said otherwise. */
  | { readonly kind: 'integer'; readonly bits: number; readonly isSigned: boolean }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'moment'; readonly unit: 'ms' | 'us' | 'ns'; readonly isUtc: boolean }
  | { readonly kind: 'other' };

/** A larger footer is left to others. */
const longestFooter = 32 * 2 ** 20;

/** @returns undefined for a file that is no sound Parquet, or whose footer is encrypted */
export async function readParquetFooter(path: string): Promise<ParquetFooter | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const end = await readAt(file, Math.max(0, size - 8), 8);
    const length = end.length === 8 ? end.readUInt32LE(0) : 0;
    if (end.toString('latin1', 4) !== 'PAR1' || length > Math.min(longestFooter, size - 12)) return undefined;
    return footerOf(readThrift(await readAt(file, size - 8 - length, length)));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function footerOf(meta: ThriftStruct): ParquetFooter {
  const [root, ...elements] = listOf(meta, 2).map(structOf);
  const groups = listOf(meta, 4).map(structOf);
  const chunks = groups.flatMap((group) => listOf(group, 1).map((chunk) => structOf(structOf(chunk).get(3))));
  const columns: ParquetColumn[] = [];
  let at = 0;
  for (let left = numberOf(root ?? new Map(), 5) ?? 0; left > 0; left -= 1) {
    const element = elements[at] ?? new Map();
    const name = textOf(element, 4);
    const isFlat = numberOf(element, 5) === undefined && numberOf(element, 3) !== 2;
    columns.push({ name, type: isFlat ? typeOf(element) : undefined, ...statisticsOf(chunks, name) });
    at = pastElement(elements, at);
  }
  return { rows: numberOf(meta, 3) ?? 0, columns };
}

/** Elements stand in the order of a walk: each before its children. */
function pastElement(elements: readonly ThriftStruct[], from: number): number {
  const element = elements[from];
  if (element === undefined) throw new RangeError('the schema ends too early');
  let at = from + 1;
  for (let left = numberOf(element, 5) ?? 0; left > 0; left -= 1) at = pastElement(elements, at);
  return at;
}

const physical = ['boolean', 'int32', 'int64', 'int96', 'float', 'double', 'bytes', 'fixed'] as const;
const units = [undefined, 'ms', 'us', 'ns'] as const;
/** Integers by their `ConvertedType`, which older writers give alone. */
const integers = new Map<number, { bits: number; isSigned: boolean }>(
  [8, 16, 32, 64].flatMap((bits, at) => [
    [11 + at, { bits, isSigned: false }] as const,
    [15 + at, { bits, isSigned: true }] as const,
  ]),
);

function typeOf(element: ThriftStruct): ParquetType {
  const stored = physical[numberOf(element, 1) ?? -1];
  const converted = numberOf(element, 6);
  const [[logical, details] = []] = [...structOf(element.get(10))];
  const detail = structOf(details);
  switch (stored) {
    case 'boolean':
    case 'float':
    case 'double':
      return { kind: stored };
    case 'bytes':
      if (logical === 1 || (logical === undefined && converted === 0)) return { kind: 'text' };
      if (logical === 12 || (logical === undefined && converted === 19)) return { kind: 'json' };
      return { kind: logical === undefined && converted === undefined ? 'bytes' : 'other' };
    case 'int32':
    case 'int64': {
      const bits = stored === 'int32' ? 32 : 64;
      if (logical === 6 || (logical === undefined && converted === 6)) return { kind: 'date' };
      if (logical === 5 || (logical === undefined && converted === 5))
        return { kind: 'decimal', precision: numberOf(element, 8) ?? 0, scale: numberOf(element, 7) ?? 0 };
      if (logical === 8) {
        const [[unit = 0] = []] = [...structOf(detail.get(2))];
        const named = units[unit];
        return named === undefined
          ? { kind: 'other' }
          : { kind: 'moment', unit: named, isUtc: detail.get(1) === true };
      }
      // Of microseconds; others have too many or too few digits.
      if (logical === 7) return { kind: structOf(detail.get(2)).has(2) ? 'time' : 'other' };
      if (logical === undefined && converted === undefined) return { kind: 'integer', bits, isSigned: true };
      if (logical === 10)
        return { kind: 'integer', bits: numberOf(detail, 1) ?? 64, isSigned: detail.get(2) === true };
      const integer = logical === undefined ? integers.get(converted ?? -1) : undefined;
      return integer === undefined ? { kind: 'other' } : { kind: 'integer', ...integer };
    }
    case 'fixed':
      if (logical === 5 || (logical === undefined && converted === 5))
        return { kind: 'decimal', precision: numberOf(element, 8) ?? 0, scale: numberOf(element, 7) ?? 0 };
      return { kind: 'other' };
    default:
      return { kind: 'other' };
  }
}

function statisticsOf(
  chunks: readonly ThriftStruct[],
  name: string,
): Pick<ParquetColumn, 'nulls' | 'bounds'> {
  let nulls: number | undefined = 0;
  let bounds: { least: Buffer; greatest: Buffer }[] | undefined = [];
  for (const chunk of chunks) {
    const path = listOf(chunk, 3);
    if (path.length !== 1 || String(path[0]) !== name) continue;
    const statistics = structOf(chunk.get(12));
    const missing = numberOf(statistics, 3);
    nulls = nulls === undefined || missing === undefined ? undefined : nulls + missing;
    if (missing !== undefined && missing === numberOf(chunk, 5)) continue;
    const [least, greatest] = [
      statistics.get(6) ?? statistics.get(2),
      statistics.get(5) ?? statistics.get(1),
    ];
    if (Buffer.isBuffer(least) && Buffer.isBuffer(greatest)) bounds?.push({ least, greatest });
    else bounds = undefined;
  }
  return { nulls, bounds };
}

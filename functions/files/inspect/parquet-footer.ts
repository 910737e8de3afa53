import type { ThriftStruct } from '../../core/files/thrift.ts';
import { listOf, numberOf, readThrift, structOf, textOf } from '../../core/files/thrift.ts';

/** A column or group of a Parquet file. https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
export interface ParquetNode {
  readonly name: string;
  readonly repetition: 'REQUIRED' | 'OPTIONAL' | 'REPEATED';
  /** Undefined for a group. */
  readonly physical: PhysicalType | undefined;
  /** Such as `STRING`, `DECIMAL`, `TIMESTAMP`; undefined when the file says none. */
  readonly logical: string | undefined;
  /** Of a TIMESTAMP or TIME: whether it is a moment and not a reading of a clock. */
  readonly isUtc: boolean;
  readonly precision: number;
  readonly scale: number;
  readonly children: readonly ParquetNode[];
}

export interface ParquetFooter {
  readonly rows: number;
  readonly columns: readonly ParquetNode[];
}

const physicalTypes = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
] as const;
export type PhysicalType = (typeof physicalTypes)[number];

const repetitions = ['REQUIRED', 'OPTIONAL', 'REPEATED'] as const;

/** By the number of the field in the union `LogicalType`. */
const logicalTypes: Readonly<Record<number, string>> = {
  1: 'STRING',
  2: 'MAP',
  3: 'LIST',
  4: 'ENUM',
  5: 'DECIMAL',
  6: 'DATE',
  7: 'TIME',
  8: 'TIMESTAMP',
  10: 'INTEGER',
  11: 'UNKNOWN',
  12: 'JSON',
  13: 'BSON',
  14: 'UUID',
  15: 'FLOAT16',
};

/** By the number of the older `ConvertedType`. */
const convertedTypes = [
  'STRING',
  'MAP',
  'MAP',
  'LIST',
  'ENUM',
  'DECIMAL',
  'DATE',
  'TIME',
  'TIME',
  'TIMESTAMP',
  'TIMESTAMP',
  'INTEGER',
  'INTEGER',
  'INTEGER',
  'UINT64',
  'INTEGER',
  'INTEGER',
  'INTEGER',
  'INTEGER',
  'JSON',
  'BSON',
  'INTERVAL',
];

/** Bytes at the end of every Parquet file: the footer's length and `PAR1`. */
export const tailBytes = 8;

/** @returns the footer's length; undefined when these are not the last bytes of a Parquet file */
export function footerLength(tail: Buffer): number | undefined {
  return tail.length === tailBytes && tail.toString('latin1', 4) === 'PAR1'
    ? tail.readUInt32LE(0)
    : undefined;
}

/** Reads schema and row count; the row groups behind them are not looked at. */
export function parseFooter(bytes: Buffer): ParquetFooter {
  const metadata = readThrift(bytes, 3);
  const elements = listOf(metadata, 2).map(structOf);
  let next = 1;
  const take = (): ParquetNode => {
    const element = elements[next];
    if (element === undefined) throw new RangeError('the schema ends too early');
    next += 1;
    const count = numberOf(element, 5) ?? 0;
    const node = nodeOf(element);
    return { ...node, children: Array.from({ length: count }, take) };
  };
  const columns = Array.from({ length: numberOf(structOf(elements[0]), 5) ?? 0 }, take);
  return { rows: Number(metadata.get(3)), columns };
}

/** Where the first rows are: first byte and last, and how many rows. Undefined for a file without any. */
export function firstGroup(
  footer: Buffer,
): { readonly from: number; readonly to: number; readonly rows: number } | undefined {
  const [group] = listOf(readThrift(footer, 4), 4).map(structOf);
  const chunks = group === undefined ? [] : listOf(group, 1).map((chunk) => structOf(structOf(chunk).get(3)));
  if (group === undefined || chunks.length === 0) return undefined;
  const ranges = chunks.map((chunk) => {
    // The dictionary comes first where there is one; some writers say 0 for none.
    const from = numberOf(chunk, 11) || (numberOf(chunk, 9) ?? 0);
    return { from, to: from + (numberOf(chunk, 7) ?? 0) - 1 };
  });
  return {
    from: Math.min(...ranges.map(({ from }) => from)),
    to: Math.max(...ranges.map(({ to }) => to)),
    rows: numberOf(group, 3) ?? 0,
  };
}

function nodeOf(element: ThriftStruct): ParquetNode {
  const physical = numberOf(element, 1);
  const [logical] = structOf(element.get(10));
  const converted = numberOf(element, 6);
  const details = structOf(logical?.[1]);
  const named = logical === undefined ? convertedTypes[converted ?? -1] : logicalTypes[logical[0]];
  const isUnsigned64 = named === 'INTEGER' && details.get(1) === 64 && details.get(2) === false;
  return {
    name: textOf(element, 4),
    repetition: repetitions[Number(element.get(3) ?? 0)] ?? 'OPTIONAL',
    physical: physical === undefined ? undefined : physicalTypes[physical],
    logical: isUnsigned64 ? 'UINT64' : named,
    // The older way to say TIMESTAMP knows moments only.
    isUtc: logical === undefined || details.get(1) === true,
    precision: Number(element.get(8) ?? details.get(2) ?? 0),
    scale: Number(element.get(7) ?? details.get(1) ?? 0),
    children: [],
  };
}

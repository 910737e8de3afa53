/** A struct of Thrift's compact protocol: values by field number. */
type Struct = ReadonlyMap<number, unknown>;

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
  const metadata = readStruct({ bytes, at: 0 }, 3);
  const elements = metadata.get(2) as readonly Struct[];
  let next = 1;
  const take = (): ParquetNode => {
    const element = elements[next];
    if (element === undefined) throw new RangeError('the schema ends too early');
    next += 1;
    const count = Number(element.get(5) ?? 0);
    const node = nodeOf(element);
    return { ...node, children: Array.from({ length: count }, take) };
  };
  const columns = Array.from({ length: Number(elements[0]?.get(5) ?? 0) }, take);
  return { rows: Number(metadata.get(3)), columns };
}

function nodeOf(element: Struct): ParquetNode {
  const physical = element.get(1);
  const logical = (element.get(10) as Struct | undefined)?.entries().next().value;
  const converted = element.get(6);
  const details = (logical?.[1] ?? new Map()) as Struct;
  const named = logical === undefined ? convertedTypes[Number(converted)] : logicalTypes[logical[0]];
  const isUnsigned64 = named === 'INTEGER' && details.get(1) === 64 && details.get(2) === false;
  return {
    name: (element.get(4) as Buffer).toString('utf8'),
    repetition: repetitions[Number(element.get(3) ?? 0)] ?? 'OPTIONAL',
    physical: physical === undefined ? undefined : physicalTypes[Number(physical)],
    logical: isUnsigned64 ? 'UINT64' : named,
    // The older way to say TIMESTAMP knows moments only.
    isUtc: logical === undefined || details.get(1) === true,
    precision: Number(element.get(8) ?? details.get(2) ?? 0),
    scale: Number(element.get(7) ?? details.get(1) ?? 0),
    children: [],
  };
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

/** @param through number of the last field that is wanted */
function readStruct(reader: Reader, through = Number.POSITIVE_INFINITY): Struct {
  const fields = new Map<number, unknown>();
  for (let id = 0; ; ) {
    const head = reader.bytes.readUInt8(reader.at++);
    if (head === 0) return fields;
    const step = head >> 4;
    id = step === 0 ? Number(readZigzag(reader)) : id + step;
    fields.set(id, readValue(reader, head & 15));
    if (id >= through) return fields;
  }
}

function readValue(reader: Reader, type: number): unknown {
  switch (type) {
    case 1:
      return true;
    case 2:
      return false;
    case 3:
      return reader.bytes.readInt8(reader.at++);
    case 4:
    case 5:
    case 6:
      return Number(readZigzag(reader));
    case 7:
      reader.at += 8;
      return reader.bytes.readDoubleLE(reader.at - 8);
    case 8: {
      const length = Number(readVarint(reader));
      reader.at += length;
      return reader.bytes.subarray(reader.at - length, reader.at);
    }
    case 9:
    case 10:
      return readList(reader);
    case 12:
      return readStruct(reader);
    default:
      throw new RangeError(`type ${type} is in no Parquet footer`);
  }
}

function readList(reader: Reader): readonly unknown[] {
  const head = reader.bytes.readUInt8(reader.at++);
  const count = head >> 4 === 15 ? Number(readVarint(reader)) : head >> 4;
  const type = head & 15;
  // In a list a boolean is a byte of its own.
  if (type === 1 || type === 2)
    return Array.from({ length: count }, () => reader.bytes.readUInt8(reader.at++) === 1);
  return Array.from({ length: count }, () => readValue(reader, type));
}

function readVarint(reader: Reader): bigint {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = reader.bytes.readUInt8(reader.at++);
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return value;
  }
}

function readZigzag(reader: Reader): bigint {
  const value = readVarint(reader);
  return (value >> 1n) ^ -(value & 1n);
}

/** A struct of Thrift's compact protocol: its fields by their numbers. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
export type ThriftValue = boolean | number | Buffer | readonly ThriftValue[] | ThriftStruct;

/** Structs in structs beyond this are no footer. */
const deepest = 64;

/**
 * Reads one struct. Numbers beyond 2^53 are rounded.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 *
 * @param through number of its last field that is wanted
 * @throws RangeError for bytes that are no such struct
 */
export function readThrift(bytes: Buffer, through = Number.POSITIVE_INFINITY): ThriftStruct {
  let at = 0;
  const next = (): number => {
    const byte = bytes[at];
    if (byte === undefined) throw new RangeError('the struct ends too early');
    at += 1;
    return byte;
  };
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = next();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor > 2 ** 63) throw new RangeError('a number is too long');
    }
  };
  const zigzag = (): number => {
    const value = varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('a text ends too late');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const list = (depth: number): readonly ThriftValue[] => {
    const head = next();
    const size = head >> 4 === 15 ? varint() : head >> 4;
    // Each takes a byte at least.
    if (size > bytes.length - at) throw new RangeError('a list is too long');
    return Array.from({ length: size }, () => {
      const type = head & 15;
      return type === 1 || type === 2 ? next() === 1 : value(type, depth);
    });
  };
  const map = (depth: number): readonly ThriftValue[] => {
    const size = varint();
    if (size === 0) return [];
    const types = next();
    if (size > bytes.length - at) throw new RangeError('a map is too long');
    return Array.from({ length: size }, () => [value(types >> 4, depth), value(types & 15, depth)]);
  };
  const value = (type: number, depth: number): ThriftValue => {
    switch (type) {
      case 1:
      case 2:
        return type === 1;
      case 3:
        return (next() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return zigzag();
      case 7:
        return take(8).readDoubleLE(0);
      case 8:
        return take(varint());
      case 9:
      case 10:
        return list(depth);
      case 11:
        return map(depth);
      case 12:
        return struct(depth + 1);
      default:
        throw new RangeError(`there is no type ${type}`);
    }
  };
  const struct = (depth: number): ThriftStruct => {
    if (depth > deepest) throw new RangeError('structs are too deep');
    const fields = new Map<number, ThriftValue>();
    let last = 0;
    for (let head = next(); head !== 0; head = next()) {
      last = head >> 4 === 0 ? zigzag() : last + (head >> 4);
      fields.set(last, value(head & 15, depth));
      if (depth === 0 && last >= through) break;
    }
    return fields;
  };
  return struct(0);
}

/** Fields of a struct, empty where there is none or another kind of value. */
export function structOf(value: ThriftValue | undefined): ThriftStruct {
  return value instanceof Map ? value : new Map();
}

export function listOf(struct: ThriftStruct, field: number): readonly ThriftValue[] {
  const value = struct.get(field);
  return Array.isArray(value) ? value : [];
}

export function numberOf(struct: ThriftStruct, field: number): number | undefined {
  const value = struct.get(field);
  return typeof value === 'number' ? value : undefined;
}

export function textOf(struct: ThriftStruct, field: number): string {
  const value = struct.get(field);
  return Buffer.isBuffer(value) ? value.toString('utf8') : '';
}

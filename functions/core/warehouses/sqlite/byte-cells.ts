import { Buffer } from 'node:buffer';
import { cellCheck } from '../../files/cell-check.ts';
import type { Column } from '../../schema.ts';
import type { Changeset } from './changeset.ts';

/** A cell that its column cannot hold, or that only the checked reader can read. */
export class BadCell extends Error {}

/** Writes a cell from its text, given as bytes of UTF-8. */
export type WriteCell = (row: Changeset, bytes: Uint8Array, from: number, to: number) => void;

const [zero, minus, point, upperT, lowerF, lowerT, space] = [0x30, 0x2d, 0x2e, 0x54, 0x66, 0x74, 0x20];

const copy: WriteCell = (row, bytes, from, to) => row.text(bytes, from, to);

/** How a cell of a file is kept that was looked at before; undefined for a type that the checked reader has to read. */
export function fileCell(column: Column): WriteCell | undefined {
  if (column.mode === 'REPEATED' || column.format !== undefined) return undefined;
  switch (column.type) {
    case 'STRING':
    case 'INTEGER':
    case 'FLOAT':
    case 'DATE':
    case 'JSON':
      return copy;
    case 'BOOLEAN':
      return (row, bytes, from) => row.integer(bytes[from] === lowerT ? 1 : 0);
    case 'TIME':
      return (row, bytes, from, to) => row.text(bytes, from, shortEnd(bytes, from, to));
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return writeDecimal;
    case 'DATETIME':
      return (row, bytes, from, to) => writeMoment(row, bytes, from, to, '');
    case 'TIMESTAMP':
      return (row, bytes, from, to) => writeMoment(row, bytes, from, withoutUtc(bytes, from, to), '+00');
    default:
      return undefined;
  }
}

/** Writes cells of a column from the canonical text of `bytes.ts`. The cell function throws `BadCell`. */
export function canonicalCell(column: Column): WriteCell {
  if (column.mode === 'REPEATED' || column.type === 'RECORD') return copy;
  const plain = { ...column, format: undefined };
  switch (column.type) {
    case 'STRING':
    case 'JSON':
      return copy;
    case 'INTEGER':
      return writeInteger;
    case 'BOOLEAN':
      return (row, bytes, from, to) => {
        const byte = bytes[from];
        if (to - from !== 1 || (byte !== lowerT && byte !== lowerF)) throw new BadCell();
        row.integer(byte === lowerT ? 1 : 0);
      };
    case 'BYTES':
      return (row, bytes, from, to) => {
        if ((to - from) % 2 === 1) throw new BadCell();
        for (let at = from; at < to; at += 1) if (!isHex(bytes[at] as number)) throw new BadCell();
        row.hex(bytes, from, to);
      };
    case 'FLOAT': {
      const check = cellCheck(plain);
      return (row, bytes, from, to) => {
        if (typeof check === 'function' && check(bytes, from, to)) row.text(bytes, from, to);
        else writeRareFloat(row, Buffer.from(bytes.subarray(from, to)).toString('latin1'));
      };
    }
    default: {
      const check = cellCheck(plain);
      const write = fileCell(plain);
      if (typeof check !== 'function' || write === undefined) throw new BadCell();
      const isEnd = column.type === 'TIME' ? isEndOfDay : never;
      return (row, bytes, from, to) => {
        if (!check(bytes, from, to) && !isEnd(bytes, from, to)) throw new BadCell();
        write(row, bytes, from, to);
      };
    }
  }
}

const never = () => false;
const endOfDay = Buffer.from('24:00:00.000000');

/** A time that databases have and most languages do not. */
function isEndOfDay(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (length !== 8 && (length < 10 || length > endOfDay.length)) return false;
  return endOfDay.compare(bytes, from, to, 0, length) === 0;
}

function isHex(byte: number): boolean {
  return (byte >= zero && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}

const maxInt64 = 2n ** 63n;

/** SQLite would make a rounded number of what does not fit. */
const writeInteger: WriteCell = (row, bytes, from, to) => {
  const start = bytes[from] === minus ? from + 1 : from;
  if (start === to || to - start > 19) throw new BadCell();
  for (let at = start; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte < zero || byte > 0x39) throw new BadCell();
  }
  if (to - start === 19) {
    const value = BigInt(Buffer.from(bytes.subarray(from, to)).toString('latin1'));
    if (value >= maxInt64 || value < -maxInt64) throw new BadCell();
  }
  row.text(bytes, from, to);
};

/** Floats that are rarely written: many digits, large exponents, no number at all. */
function writeRareFloat(row: Changeset, text: string): void {
  if (text === 'Infinity') row.float(Number.POSITIVE_INFINITY);
  else if (text === '-Infinity') row.float(Number.NEGATIVE_INFINITY);
  // NaN is kept as this text: SQLite makes NULL of the number.
  else if (text === 'NaN' || /^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) {
    const bytes = Buffer.from(text);
    row.text(bytes, 0, bytes.length);
  } else throw new BadCell();
}

/** Where a time or a decimal ends without zeros at the end of its fraction, so that equal values are equal texts. */
function shortEnd(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[to - 1] !== zero) return to;
  let end = to;
  while (end > from && bytes[end - 1] === zero) end -= 1;
  if (end === from) return to;
  if (bytes[end - 1] === point) return end - 1;
  for (let at = end - 1; at > from; at -= 1) if (bytes[at] === point) return end;
  return to;
}

const scratch = Buffer.alloc(64);
const nothing = Uint8Array.of(zero);

/** Without zeros that say nothing; there is no zero below zero. */
const writeDecimal: WriteCell = (row, bytes, from, to) => {
  const end = shortEnd(bytes, from, to);
  const isNegative = bytes[from] === minus;
  let start = isNegative ? from + 1 : from;
  if (bytes[start] !== zero) {
    row.text(bytes, from, end);
    return;
  }
  while (start + 1 < end && bytes[start] === zero && bytes[start + 1] !== point) start += 1;
  if (start + 1 === end && bytes[start] === zero) row.text(nothing, 0, 1);
  else if (!isNegative) row.text(bytes, start, end);
  else {
    // A decimal has at most 78 digits and marks, of which this one has lost some.
    const short = Buffer.concat([Buffer.of(minus), bytes.subarray(start, end)]);
    row.text(short, 0, short.length);
  }
};

/** A blank between day and time, the shortest fraction, and the zone that makes SQLite's own functions read it right. */
function writeMoment(row: Changeset, bytes: Uint8Array, from: number, to: number, zone: '' | '+00'): void {
  const end = shortEnd(bytes, from, to);
  if (zone === '' && bytes[from + 10] !== upperT) {
    row.text(bytes, from, end);
    return;
  }
  let length = 0;
  for (let at = from; at < end; at += 1) scratch[length++] = bytes[at] as number;
  scratch[10] = space;
  if (zone !== '') length += scratch.write(zone, length, 'latin1');
  row.text(scratch, 0, length);
}

/** Where a moment in UTC ends before its zone: `Z`, `+00`, `+00:00` or none. */
function withoutUtc(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from + 19; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte !== point && (byte < zero || byte > 0x39)) return at;
  }
  return to;
}

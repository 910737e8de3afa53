import { Buffer } from 'node:buffer';
import type { Column } from '../../schema.ts';
import type { Changeset } from './changeset.ts';

/** Writes a cell from its text, given as bytes of UTF-8 that were looked at before. */
export type WriteCell = (row: Changeset, bytes: Uint8Array, from: number, to: number) => void;

const [zero, minus, point, upperT, lowerT, lowerY, space] = [0x30, 0x2d, 0x2e, 0x54, 0x74, 0x79, 0x20];

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

/** How a cell is kept that has the canonical text of `bytes.ts`. */
export function canonicalCell(column: Column): WriteCell {
  if (column.mode === 'REPEATED') return copy;
  switch (column.type) {
    case 'BOOLEAN':
      return (row, bytes, from) => row.integer(bytes[from] === lowerT ? 1 : 0);
    case 'BYTES':
      return (row, bytes, from, to) => row.hex(bytes, from, to);
    case 'FLOAT':
      return writeFloat;
    default:
      // A record is JSON.
      return fileCell({ ...column, format: undefined }) ?? copy;
  }
}

/** Digits, `Infinity` or `NaN`, which is kept as this text: SQLite makes NULL of the number. */
const writeFloat: WriteCell = (row, bytes, from, to) => {
  const isInfinite = bytes[to - 1] === lowerY;
  if (!isInfinite) row.text(bytes, from, to);
  else row.float(bytes[from] === minus ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
};

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

import { Buffer } from 'node:buffer';
import { fatal } from '../../errors.ts';
import type { Sql } from './database.ts';

/**
 * Rows to be inserted, as SQLite's changeset: a block of bytes that its own code reads, so that no cell becomes a value
 * of JavaScript on its way (https://sqlite.org/session/intro.html, "Changeset and Patchset Format", in sqlite3session.c).
 */
export interface Changeset {
  /** What was written so far. */
  readonly bytes: number;
  readonly rows: number;
  /** Begins a row. Its cells follow in the order of the table's columns. */
  begin(): void;
  /** Bytes of UTF-8. The column's declared type makes a number of them where it wants one. */
  text(bytes: Uint8Array, from: number, to: number): void;
  /** @param value a whole number of at most 31 bits */
  integer(value: number): void;
  float(value: number): void;
  /** Bytes of which each is two hexadecimal digits in lower case. */
  hex(bytes: Uint8Array, from: number, to: number): void;
  nothing(): void;
  /** The whole changeset, valid until the next row begins; the one after it is empty. */
  take(): Uint8Array;
}

const insert = 18;
const kinds = { integer: 1, float: 2, text: 3, blob: 4, nothing: 5 } as const;

/** A view of few bytes costs more than their copy one by one. */
const short = 48;

/**
 * @param width columns of the table
 * @param rowId of the first row; the others count on from it
 */
export function createChangeset(table: string, width: number, rowId: number): Changeset {
  let buffer = Buffer.allocUnsafeSlow(2 ** 20);
  let end = 0;
  let rows = 0;
  let nextRow = rowId;

  const reserve = (more: number) => {
    if (end + more <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(end + more, 2 * buffer.length));
    buffer.copy(larger, 0, 0, end);
    buffer = larger;
  };
  /** In groups of seven bits, the highest first. */
  const writeLength = (length: number) => {
    if (length > 0x7f)
      for (let shift = 28; shift > 0; shift -= 7)
        if (length >>> shift > 0) buffer[end++] = 0x80 | ((length >>> shift) & 0x7f);
    buffer[end++] = length & 0x7f;
  };
  /** A table without a primary key is known by the ids of its rows, as if they were its first column. */
  const writeHead = () => {
    const name = Buffer.from(table);
    reserve(width + name.length + 16);
    buffer[end++] = 0x54;
    writeLength(width + 1);
    buffer[end++] = 1;
    buffer.fill(0, end, end + width);
    end += width;
    end += name.copy(buffer, end);
    buffer[end++] = 0;
  };

  return {
    get bytes() {
      return end;
    },
    get rows() {
      return rows;
    },
    begin() {
      if (end === 0) writeHead();
      reserve(11);
      buffer[end++] = insert;
      buffer[end++] = 0;
      buffer[end++] = kinds.integer;
      buffer.writeUInt32BE(Math.floor(nextRow / 2 ** 32), end);
      buffer.writeUInt32BE(nextRow % 2 ** 32, end + 4);
      end += 8;
      nextRow += 1;
      rows += 1;
    },
    text(bytes, from, to) {
      const length = to - from;
      reserve(length + 6);
      buffer[end++] = kinds.text;
      writeLength(length);
      if (length < short) {
        for (let at = from; at < to; at += 1) buffer[end++] = bytes[at] as number;
        return;
      }
      buffer.set(bytes.subarray(from, to), end);
      end += length;
    },
    integer(value) {
      reserve(9);
      buffer[end++] = kinds.integer;
      buffer.writeInt32BE(value < 0 ? -1 : 0, end);
      buffer.writeInt32BE(value, end + 4);
      end += 8;
    },
    float(value) {
      reserve(9);
      buffer[end++] = kinds.float;
      end = buffer.writeDoubleBE(value, end);
    },
    hex(bytes, from, to) {
      const length = (to - from) / 2;
      reserve(length + 6);
      buffer[end++] = kinds.blob;
      writeLength(length);
      for (let at = from; at < to; at += 2)
        buffer[end++] = 16 * digit(bytes[at] as number) + digit(bytes[at + 1] as number);
    },
    nothing() {
      reserve(1);
      buffer[end++] = kinds.nothing;
    },
    take() {
      const whole = buffer.subarray(0, end);
      end = 0;
      rows = 0;
      return whole;
    },
  };
}

/** Must run inside a transaction. Rows whose ids are taken are an error of the kit. */
export function applyChangeset({ connection }: Sql, changeset: Uint8Array): void {
  if (!connection.applyChangeset(changeset))
    throw fatal('warehouse', { what: 'SQLite did not take rows that were to be inserted' });
}

function digit(byte: number): number {
  return byte < 0x3a ? byte - 0x30 : byte - 0x57;
}

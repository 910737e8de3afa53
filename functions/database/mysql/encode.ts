import { Buffer } from 'node:buffer';
import { fatal } from '../../core/errors.ts';

/**
 * What is to be done with the text of a cell:
 *
 * - `plain`: nothing, it holds no character with a meaning (numbers, dates)
 * - `text`: quoted or escaped where it must be
 * - `bytes`: written as hexadecimal digits
 * - `flag`: 0 is false, any other number true
 * - `day`: `0000-00-00`, MySQL's word for no date, is NULL
 */
export type CellKind = 'plain' | 'text' | 'bytes' | 'flag' | 'day';

export interface Encoder {
  /** Adds one row: the payload of a text protocol packet, from `start` to before `end`. */
  add(payload: Uint8Array, start: number, end: number): void;
  /** Bytes that are waiting. */
  readonly waiting: number;
  /** Hands the waiting bytes over; they are never written to again. */
  take(): Uint8Array;
  readonly rows: number;
  /** Per column, how many dates were no date. */
  readonly zeroDates: readonly number[];
}

/** Bytes to fill before they are handed over. */
const chunkBytes = 2 ** 20;

const [plain, text, bytes, flag, day] = [0, 1, 2, 3, 4];
const codes: Readonly<Record<CellKind, number>> = { plain, text, bytes, flag, day };

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const zero = 0x30;
const nullMarker = 0xfb;
const digits = Buffer.from('0123456789abcdef');

/** Characters that put a CSV cell into quotes. */
const quoted = markers(',"\n\r');
/** Characters that TSV writes with a backslash, and the letter behind it. */
const escapes = new Uint8Array(256);
for (const [character, letter] of ['\tt', '\nn', '\rr', '\\\\'].map((pair) => Buffer.from(pair)))
  escapes[character ?? 0] = letter ?? 0;

/**
 * Writes rows of MySQL's text protocol as CSV or TSV bytes without making a value of any cell: at most one object per
 * megabyte. https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_row.html
 */
export function createEncoder(format: 'csv' | 'tsv', kinds: readonly CellKind[]): Encoder {
  const isCsv = format === 'csv';
  const separator = isCsv ? 0x2c : 0x09;
  const special = isCsv ? quoted : escapes;
  const columns = Uint8Array.from(kinds, (kind) => codes[kind]);
  const zeroDates = kinds.map(() => 0);
  let out = Buffer.allocUnsafeSlow(chunkBytes + 2 ** 16);
  let at = 0;
  let rows = 0;

  return {
    zeroDates,
    get waiting() {
      return at;
    },
    get rows() {
      return rows;
    },
    take() {
      const done = out.subarray(0, at);
      out = Buffer.allocUnsafeSlow(chunkBytes + 2 ** 16);
      at = 0;
      return done;
    },
    add(payload, start, end) {
      // Each byte may become two, and a cell gets a separator and two quotes, or a marker of two bytes.
      const most = 2 * (end - start) + 4 * columns.length + 1;
      if (at + most > out.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(2 * out.length, at + most));
        out.copy(larger, 0, 0, at);
        out = larger;
      }
      const target = out;
      let to = at;
      let from = start;
      for (let column = 0; column < columns.length; column += 1) {
        if (column > 0) target[to++] = separator;
        let length = payload[from++] ?? nullMarker;
        if (length === nullMarker) {
          target[to++] = backslash;
          target[to++] = 0x4e;
          continue;
        }
        if (length > nullMarker) {
          const size = length === 0xfc ? 2 : length === 0xfd ? 3 : 8;
          length = 0;
          for (let index = size - 1; index >= 0; index -= 1)
            length = length * 256 + (payload[from + index] ?? 0);
          from += size;
        }
        const stop = from + length;
        if (stop > end) throw fatal('vendor', { what: 'the server sent a row that is cut off' });
        switch (columns[column]) {
          case text: {
            // Mostly nothing needs care: copied as it is looked through.
            let seen = from;
            while (seen < stop) {
              const byte = payload[seen] as number;
              if (special[byte] !== 0) break;
              target[to + seen - from] = byte;
              seen += 1;
            }
            if (!isCsv) {
              to += seen - from;
              for (; seen < stop; seen += 1) {
                const byte = payload[seen] as number;
                const letter = special[byte] as number;
                if (letter !== 0) target[to++] = backslash;
                target[to++] = letter === 0 ? byte : letter;
              }
            } else if (seen < stop || length === 0 || isNullText(payload, from, length)) {
              target[to++] = quote;
              for (seen = from; seen < stop; seen += 1) {
                const byte = payload[seen] as number;
                if (byte === quote) target[to++] = quote;
                target[to++] = byte;
              }
              target[to++] = quote;
            } else to += length;
            break;
          }
          case bytes:
            // An empty value is an empty text, not NULL.
            if (isCsv && length === 0) {
              target[to++] = quote;
              target[to++] = quote;
            }
            for (; from < stop; from += 1) {
              const byte = payload[from] as number;
              target[to++] = digits[byte >> 4] as number;
              target[to++] = digits[byte & 15] as number;
            }
            break;
          case flag:
            target[to++] = length === 1 && payload[from] === zero ? 0x66 : 0x74;
            break;
          default:
            if (columns[column] === day && isZeroDate(payload, from, length)) {
              zeroDates[column] = (zeroDates[column] ?? 0) + 1;
              target[to++] = backslash;
              target[to++] = 0x4e;
              break;
            }
            for (let seen = from; seen < stop; seen += 1) target[to++] = payload[seen] as number;
        }
        from = stop;
      }
      target[to++] = newline;
      at = to;
      rows += 1;
    },
  };
}

/** Bytes after which `take` is worth its while. */
export const enough = chunkBytes;

/** The text `\N`, which unquoted would be NULL. */
function isNullText(payload: Uint8Array, from: number, length: number): boolean {
  return length === 2 && payload[from] === backslash && payload[from + 1] === 0x4e;
}

/** `0000-00-00`, with or without a time. Year 0 does not exist otherwise. */
function isZeroDate(payload: Uint8Array, from: number, length: number): boolean {
  if (length < 10 || payload[from] !== zero) return false;
  for (let index = from; index < from + 10; index += 1)
    if (payload[index] !== zero && payload[index] !== 0x2d) return false;
  return true;
}

function markers(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) table[byte] = 1;
  return table;
}

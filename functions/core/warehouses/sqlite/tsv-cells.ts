import { Buffer } from 'node:buffer';
import type { CellTaker } from '../../files/look/csv-look.ts';
import { BadCell } from './byte-cells.ts';

const [newline, tab, backslash, upperN] = [0x0a, 0x09, 0x5c, 0x4e];

/** What stands for what behind a backslash; any other byte stands for itself. */
const escapes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
for (const [letter, meant] of Object.entries({ b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 }))
  escapes[letter.charCodeAt(0)] = meant;

/**
 * Cuts a stream of `tsv` (see `bytes.ts`) into cells.
 *
 * @param width cells of a record
 * @throws BadCell in both functions, for a record of another number of cells
 */
export function createTsvCells(
  width: number,
  taker: CellTaker,
): { at(chunk: Uint8Array): void; end(): void } {
  let rest: Buffer = Buffer.alloc(0);
  let meant = Buffer.alloc(2 ** 12);

  const takeEscaped = (column: number, bytes: Uint8Array, from: number, to: number) => {
    if (to - from === 2 && bytes[from] === backslash && bytes[from + 1] === upperN) {
      taker.none(column);
      return;
    }
    if (meant.length < to - from) meant = Buffer.alloc(2 * (to - from));
    let length = 0;
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at] as number;
      if (byte === backslash) at += 1;
      meant[length++] = byte === backslash ? (escapes[bytes[at] as number] as number) : byte;
    }
    taker.cell(column, meant, 0, length);
  };
  const readLines = (bytes: Uint8Array, last: number) => {
    let [column, from] = [0, 0];
    let isEscaped = false;
    for (let at = 0; at < last; at += 1) {
      const byte = bytes[at] as number;
      if (byte > backslash) continue;
      if (byte === backslash) {
        isEscaped = true;
        at += 1;
      } else if (byte === tab || byte === newline) {
        if (column === width) throw new BadCell();
        if (isEscaped) takeEscaped(column, bytes, from, at);
        else taker.cell(column, bytes, from, at);
        isEscaped = false;
        from = at + 1;
        column += 1;
        if (byte === tab) continue;
        if (column !== width) throw new BadCell();
        taker.endRecord();
        column = 0;
      }
    }
  };

  return {
    at(chunk) {
      const last = chunk.lastIndexOf(newline) + 1;
      let from = 0;
      if (rest.length > 0 && last > 0) {
        from = chunk.indexOf(newline) + 1;
        const line = Buffer.concat([rest, chunk.subarray(0, from)]);
        readLines(line, line.length);
      }
      if (last > from) readLines(chunk.subarray(from, last), last - from);
      const open = chunk.subarray(last);
      // The bytes belong to the stream, which may use them again.
      rest = last > 0 || rest.length === 0 ? Buffer.from(open) : Buffer.concat([rest, open]);
    },
    end() {
      if (rest.length === 0) return;
      readLines(Buffer.concat([rest, Buffer.of(newline)]), rest.length + 1);
    },
  };
}

import { Buffer, isUtf8 } from 'node:buffer';
import type { CellCheck } from './cell-check.ts';
import { NotPlain } from './not-plain.ts';

export interface LookRequest {
  /** In the order of the cells. */
  readonly checks: readonly (CellCheck | 'text')[];
  readonly required: readonly boolean[];
  readonly delimiter: string;
  readonly quote: string;
  /** The first record is none. */
  readonly hasHeader: boolean;
}

/** Gets each cell that was found good: bytes that are valid during the call only; none at all for NULL. */
export interface CellTaker {
  cell(column: number, bytes: Uint8Array, from: number, to: number): void;
  none(column: number): void;
  /** Behind the last cell of a record. */
  endRecord(): void;
}

const [newline, carriageReturn, backslash] = [0x0a, 0x0d, 0x5c];
/** Where the look is: before a cell, in one without or with quotes, behind a closing quote, behind a carriage return. */
const [begins, bare, quoted, closed, returned] = [0, 1, 2, 3, 4];
/** Most bytes of a cell that is put together from pieces: all that is checked is shorter, save JSON. */
const longest = 64 * 1024;
/** The same where somebody takes the cells. */
const longestTaken = 16 * 2 ** 20;

/** Goes over the bytes of a file once, without making a value of any cell. Both functions throw `NotPlain`. */
export function createLook(
  { checks, required, delimiter, quote, hasHeader }: LookRequest,
  taker?: CellTaker,
): {
  at(chunk: Uint8Array): void;
  end(): void;
} {
  const [comma, mark, width] = [delimiter.charCodeAt(0), quote.charCodeAt(0), checks.length];
  /** Bytes that end a cell without quotes, and those to be looked at in one with quotes. */
  const [ends, stops] = [new Uint8Array(256), new Uint8Array(256)];
  for (const byte of [comma, newline, carriageReturn, mark]) ends[byte] = 1;
  for (const byte of [mark, backslash]) stops[byte] = 1;
  /** The beginning of a cell that is checked or taken, when its end is in the next chunk or it has a quote inside. */
  let held = new Uint8Array(longest);
  let heldBytes = 0;
  let isHeader = hasHeader;
  let state = begins;
  let column = 0;
  let before = 0;
  /** The cell has bytes in chunks before this one. */
  let isCarried = false;
  let character = Buffer.alloc(0);

  const hold = (chunk: Uint8Array, from: number, to: number) => {
    if (isHeader || (checks[column] === 'text' && taker === undefined)) return;
    const wanted = heldBytes + to - from;
    if (wanted > held.length) {
      if (taker === undefined || wanted > longestTaken) throw new NotPlain();
      const larger = new Uint8Array(Math.min(longestTaken, 2 * wanted));
      larger.set(held.subarray(0, heldBytes));
      held = larger;
    }
    // Most are short, for which a view of them costs more than their bytes.
    for (let at = from; at < to; at += 1) held[heldBytes++] = chunk[at] as number;
  };
  /** An empty cell without quotes is NULL. */
  const endCell = (bytes: Uint8Array, from: number, to: number, isNull: boolean) => {
    heldBytes = 0;
    isCarried = false;
    if (isHeader) return;
    if (isNull) {
      if (required[column] === true) throw new NotPlain();
      taker?.none(column);
      return;
    }
    const check = checks[column];
    if (check !== 'text' && check?.(bytes, from, to) !== true) throw new NotPlain();
    taker?.cell(column, bytes, from, to);
  };
  const endRecord = () => {
    if (column !== width - 1) throw new NotPlain();
    column = 0;
    if (!isHeader) taker?.endRecord();
    isHeader = false;
    state = begins;
  };
  const past = (byte: number | undefined) => {
    if (byte === newline) endRecord();
    else if (byte === carriageReturn) state = returned;
    else {
      column += 1;
      if (column >= width) throw new NotPlain();
      state = begins;
    }
  };
  const pastQuoted = (byte: number | undefined) => {
    if (byte !== comma && byte !== newline && byte !== carriageReturn) throw new NotPlain();
    past(byte);
  };

  const look = (chunk: Uint8Array) => {
    const { length } = chunk;
    let from = 0;
    for (let at = 0; at < length; ) {
      if (state === begins) {
        const byte = chunk[at];
        // NULL or the end of all rows to some readers.
        if (byte === backslash) throw new NotPlain();
        state = byte === mark ? quoted : bare;
        if (state === quoted) at += 1;
        before = 0;
        from = at;
      } else if (state === bare) {
        while (at < length && ends[chunk[at] as number] === 0) at += 1;
        const byte = chunk[at];
        if (at === length) {
          hold(chunk, from, at);
          isCarried ||= at > from;
          return;
        }
        if (byte === mark) throw new NotPlain();
        if (heldBytes > 0) {
          hold(chunk, from, at);
          endCell(held, 0, heldBytes, false);
        } else endCell(chunk, from, at, at === from && !isCarried);
        past(byte);
        at += 1;
      } else if (state === quoted) {
        const start = at;
        for (; at < length; at += 1) {
          if (stops[chunk[at] as number] === 0) continue;
          if (chunk[at] === mark) break;
          if ((at > start ? chunk[at - 1] : before) === newline) throw new NotPlain();
        }
        if (at > start) before = chunk[at - 1] as number;
        const isWhole = heldBytes === 0 && at + 1 < length && chunk[at + 1] !== mark;
        if (!isWhole) hold(chunk, from, at);
        if (at === length) return;
        state = closed;
        at += 1;
        // Most cells are here as a whole, and need no copy.
        if (!isWhole) continue;
        endCell(chunk, from, at - 1, false);
        pastQuoted(chunk[at]);
        at += 1;
      } else if (state === closed) {
        const byte = chunk[at];
        if (byte === mark) {
          hold(chunk, at, at + 1);
          state = quoted;
          from = at + 1;
          before = mark;
        } else {
          endCell(held, 0, heldBytes, false);
          pastQuoted(byte);
        }
        at += 1;
      } else {
        if (chunk[at] !== newline) throw new NotPlain();
        endRecord();
        at += 1;
      }
    }
  };

  return {
    at(chunk) {
      const whole = character.length === 0 ? chunk : Buffer.concat([character, chunk]);
      const cut = whole.length - openBytes(whole);
      if (!isUtf8(whole.subarray(0, cut))) throw new NotPlain();
      character = Buffer.from(whole.subarray(cut));
      look(chunk);
    },
    end() {
      if (character.length > 0 || state === quoted) throw new NotPlain();
      if (state === begins && column === 0) return;
      if (state !== returned) endCell(held, 0, heldBytes, state !== closed && !isCarried);
      endRecord();
    },
  };
}

/** How many bytes at the end begin a character whose end is missing. */
function openBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}

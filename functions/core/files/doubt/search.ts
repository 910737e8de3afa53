import { Buffer } from 'node:buffer';
import { instantiate } from '../look/instantiate.ts';
import type { RecordForm } from './doubtful-record.ts';
import { passRecord } from './doubtful-record.ts';
import { wasm } from './wasm.ts';

/** What `assembly/` exports. Numbers are places in `memory` and counts of bytes. */
interface Finder {
  readonly memory: { readonly buffer: ArrayBuffer };
  begin(quote: number, hasWhole: boolean, hasMoments: boolean, bytes: number): number;
  findDoubt(from: number, end: number): number;
}

export interface Search {
  /** Where the next bytes of the file are put. Empty when a record is longer than there is room. */
  room(): Buffer;
  /**
   * Looks at bytes that were put there.
   *
   * @returns false when a cell is not good, or readers may not agree on it
   */
  look(bytes: number, isLast: boolean): boolean;
  /** Records that were looked at closely. */
  readonly doubts: number;
}

/**
 * Searches a CSV file for cells of typed columns that DuckDB's reader would take for another value than `lenientValue` does, or
 * that are none: `1.5` or `1e3` as a whole number, a zone behind a date and time. Most bytes are told to be good at once,
 * whatever column they are in; a record with something doubtful is looked at cell by cell.
 *
 * @param options.roomBytes most of a record and of the bytes put at a time
 */
export function openSearch(
  form: RecordForm,
  { roomBytes, hasHeader }: { readonly roomBytes: number; readonly hasHeader: boolean },
): Search {
  const finder = instantiate(wasm, {}) as Finder;
  const has = (type: string) => form.columns.some((column) => column?.type === type);
  const place = finder.begin(form.quote.charCodeAt(0), has('INTEGER'), has('DATETIME'), roomBytes);
  const all = Buffer.from(finder.memory.buffer, place, roomBytes);
  /** Bytes of a record whose end has not come yet. */
  let held = 0;
  let isHeader = hasHeader;
  let doubts = 0;

  /** @returns how many bytes were settled; -1 when one is not good */
  const settle = (end: number, isLast: boolean): number => {
    const stop = isLast ? end : all.subarray(0, end).lastIndexOf(0x0a) + 1;
    let at = 0;
    while (at < stop) {
      const found = finder.findDoubt(place + at, place + stop) - place;
      if (found === stop) break;
      const start = isHeader ? at : lineBefore(all, at, found);
      const next = passRecord(form, all.subarray(start, end), isLast, isHeader);
      if (next === undefined || (next === 'open' && isLast)) return -1;
      if (next === 'open') return start;
      if (!isHeader) doubts += 1;
      isHeader = false;
      at = start + next;
    }
    if (stop > 0) isHeader = false;
    return stop;
  };

  return {
    room: () => all.subarray(held),
    look(bytes, isLast) {
      const end = held + bytes;
      const settled = settle(end, isLast);
      if (settled === -1) return false;
      all.copyWithin(0, settled, end);
      held = end - settled;
      return true;
    },
    get doubts() {
      return doubts;
    },
  };
}

/** The beginning of the line that a byte is in. */
function lineBefore(bytes: Buffer, from: number, at: number): number {
  const line = bytes.subarray(from, at).lastIndexOf(0x0a);
  return from + line + 1;
}

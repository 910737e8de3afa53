import { buffer, copies, held, keep, reserve } from './buffer';
import { isPlain } from './cell';
import { keepStep } from './json';
import { findFour, findTwo } from './scan';
import { nothing, takeCells } from './take';

/** What `readRecord` says besides a place: the record's end is not in the buffer; it is not plain. */
const isOpen: usize = 0;
const isRefused: usize = 1;

const newline: u8 = 0x0a;
const carriageReturn: u8 = 0x0d;
const backslash: u8 = 0x5c;
const text: u8 = 0;

let width: i32 = 0;
let comma: u8 = 0;
let mark: u8 = 0;
let isHeader: bool = false;
let isTaken: bool = false;
/** For each column its kind and whether it is required, a byte each. */
let columns: usize = 0;
/** Of the record that is looked at, see `takeCells`. */
let cells: usize = 0;
/** Where the next copy goes. */
let spare: usize = 0;

/** @returns the place for two bytes of each column: its kind, and 1 for one that is required */
export function beginCsv(count: i32, delimiter: u8, quote: u8, hasHeader: bool, hasTaker: bool): usize {
  width = count;
  comma = delimiter;
  mark = quote;
  isHeader = hasHeader;
  isTaken = hasTaker;
  columns = reserve(2 * count);
  cells = reserve(8 * count);
  return columns;
}

/**
 * Looks at the records that end in the buffer.
 *
 * @param bytes of the chunk that was put into it
 * @returns false when one is not plain
 */
export function lookAtCsv(bytes: usize): bool {
  const end = buffer + held + bytes;
  let at = buffer;
  while (at < end) {
    const next = readRecord(at, end);
    if (next === isRefused) return false;
    if (next === isOpen) break;
    at = next;
  }
  keep(at, end);
  return true;
}

function readRecord(from: usize, end: usize): usize {
  spare = copies;
  let column = 0;
  for (let at = from; at < end; ) {
    const first = load<u8>(at);
    // NULL or the end of all rows to some readers.
    if (first === backslash) return isRefused;
    let start = at;
    let isDoubled = false;
    if (first === mark) {
      start = at + 1;
      for (at = start; ; ) {
        at = findTwo(at, end, mark, backslash);
        if (at === end) return isOpen;
        if (load<u8>(at) === mark) {
          if (at + 1 === end) return isOpen;
          if (load<u8>(at + 1) !== mark) break;
          isDoubled = true;
          at += 2;
        } else {
          if (load<u8>(at - 1) === newline) return isRefused;
          at += 1;
        }
      }
    } else {
      at = findFour(at, end, comma, mark, newline, carriageReturn);
      if (at === end) return isOpen;
    }
    const isNull = first !== mark && at === start;
    if (!isHeader && !isFit(column, start, at, isNull, isDoubled)) return isRefused;
    if (first === mark) at += 1;
    const last = load<u8>(at);
    column += 1;
    if (last === comma) {
      if (column === width) return isRefused;
      at += 1;
      continue;
    }
    if (last === carriageReturn) {
      if (at + 1 === end) return isOpen;
      at += 1;
      if (load<u8>(at) !== newline) return isRefused;
    } else if (last !== newline) return isRefused;
    if (column !== width) return isRefused;
    if (isTaken && !isHeader) takeCells(cells);
    isHeader = false;
    return at + 1;
  }
  return isOpen;
}

/** @param isDoubled the cell has quotes, each written twice */
function isFit(column: i32, from: usize, to: usize, isNull: bool, isDoubled: bool): bool {
  const kind = load<u8>(columns + 2 * column);
  const cell = cells + 8 * column;
  if (isNull) {
    store<u32>(cell, nothing);
    return load<u8>(columns + 2 * column, 1) === 0;
  }
  let start = from;
  let end = to;
  // A copy is looked at only if its quotes are not those of JSON.
  const isCopied = isDoubled && (isTaken || (kind !== text && mark !== 0x22));
  if (isCopied) {
    start = spare;
    end = copyOnce(from, to);
  }
  store<u32>(cell, <u32>start);
  store<u32>(cell, <u32>end, 4);
  if (kind === text) return true;
  const isJsonTwice = isDoubled && mark === 0x22;
  keepStep(isJsonTwice ? 2 : 1);
  return isJsonTwice ? isPlain(kind, from, to) : isPlain(kind, start, end);
}

/** Copies a cell with each quote once. */
function copyOnce(from: usize, to: usize): usize {
  for (let at = from; at < to; at += 1) {
    const byte = load<u8>(at);
    store<u8>(spare, byte);
    spare += 1;
    if (byte === mark) at += 1;
  }
  return spare;
}

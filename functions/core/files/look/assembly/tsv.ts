import { buffer, copies, held, keep, reserve } from './buffer';
import { isPlain } from './cell';
import { byteAt, findFour } from './scan';
import { nothing, takeCells } from './take';

const tab: u8 = 0x09;
const newline: u8 = 0x0a;
const backslash: u8 = 0x5c;
const text: u8 = 0;

let width: i32 = 0;
/** The kind of each cell of a record, a byte each. */
let kinds: usize = 0;
let cells: usize = 0;
/** Where the next copy goes. */
let spare: usize = 0;

/** @returns the place for the kind of each cell of a record, a byte each */
export function beginTsv(count: i32): usize {
  width = count;
  kinds = reserve(count);
  cells = reserve(8 * count);
  return kinds;
}

/**
 * Takes lines of `tsv` apart, each of which ends in a newline.
 *
 * @param bytes of the chunk that was put into the buffer
 * @param whole bytes of it up to the end of its last line
 * @returns false when a cell is not plain or a line has another number of cells
 */
export function lookAtTsv(bytes: usize, whole: usize): bool {
  const end = buffer + held + whole;
  for (let at = buffer; at < end; ) {
    at = readRecord(at, end);
    if (at === 0) return false;
  }
  keep(end, end + bytes - whole);
  return true;
}

/** The place behind the line; 0 for one that is not plain. */
function readRecord(from: usize, end: usize): usize {
  spare = copies;
  let at = from;
  for (let column = 0; column < width; column += 1) {
    const start = at;
    let isEscaped = false;
    for (at = findFour(at, end, tab, newline, backslash, backslash); byteAt(at, end) === backslash; ) {
      isEscaped = true;
      at = findFour(at + 2, end, tab, newline, backslash, backslash);
    }
    if (at >= end) return 0;
    const isLast = column + 1 === width;
    if ((load<u8>(at) === newline) !== isLast || !isFit(column, start, at, isEscaped)) return 0;
    at += 1;
  }
  takeCells(cells);
  return at;
}

function isFit(column: i32, from: usize, to: usize, isEscaped: bool): bool {
  const kind = load<u8>(kinds + column);
  const cell = cells + 8 * column;
  // `\N`
  if (isEscaped && to - from === 2 && load<u8>(from + 1) === 0x4e) {
    store<u32>(cell, nothing);
    return true;
  }
  const start = isEscaped ? spare : from;
  const end = isEscaped ? copyMeant(from, to) : to;
  store<u32>(cell, <u32>start);
  store<u32>(cell, <u32>end, 4);
  return kind === text || isPlain(kind, start, end);
}

/** Copies a cell with what its escapes stand for. */
function copyMeant(from: usize, to: usize): usize {
  for (let at = from; at < to; at += 1) {
    let byte = load<u8>(at);
    if (byte === backslash) {
      at += 1;
      byte = meantBy(load<u8>(at));
    }
    store<u8>(spare, byte);
    spare += 1;
  }
  return spare;
}

/** What stands for what behind a backslash; any other byte stands for itself. */
function meantBy(letter: u8): u8 {
  switch (letter) {
    case 0x62:
      return 0x08;
    case 0x74:
      return 0x09;
    case 0x6e:
      return 0x0a;
    case 0x76:
      return 0x0b;
    case 0x66:
      return 0x0c;
    case 0x72:
      return 0x0d;
    default:
      return letter;
  }
}

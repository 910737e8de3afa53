import { byteAt, findInString, isDigit } from './scan';

const mark: u8 = 0x22;
const backslash: u8 = 0x5c;
const minus: u8 = 0x2d;
const zero: u8 = 0x30;
const point: u8 = 0x2e;
/** Values in values beyond this are left to the checked reader. */
const deepest: i32 = 64;

/** Bytes of a quote: two where JSON stands in a cell of CSV. */
let step: usize = 1;

/** Whether the string that was passed last had escapes. */
export let hadEscape: bool = false;

export function keepStep(bytes: usize): void {
  step = bytes;
}

/**
 * The place behind a string's closing quote; 0, as in all functions here, for what is not plain: no string, and escapes that
 * readers take in different ways, NUL and halves of a pair.
 */
export function pastString(from: usize, end: usize): usize {
  if (byteAt(from, end) !== mark) return 0;
  hadEscape = false;
  let at = from + step;
  while (at < end) {
    at = findInString(at, end);
    const byte = byteAt(at, end);
    if (byte === mark) return at + step;
    // Without an end, or a control character.
    if (byte !== backslash) return 0;
    hadEscape = true;
    const escaped = byteAt(at + 1, end);
    if (escaped === 0x75) {
      const code = hexAt(at + 2, end);
      if (code <= 0 || (code >= 0xd800 && code <= 0xdfff)) return 0;
      at += 6;
    } else if (escaped === mark) at += 1 + step;
    else if (isEscapable(escaped)) at += 2;
    else return 0;
  }
  return 0;
}

/** `\ / b f n r t` */
function isEscapable(byte: u8): bool {
  return (
    byte === backslash ||
    byte === 0x2f ||
    byte === 0x62 ||
    byte === 0x66 ||
    byte === 0x6e ||
    byte === 0x72 ||
    byte === 0x74
  );
}

/** Below zero for what are no four digits. */
function hexAt(from: usize, end: usize): i32 {
  if (from + 4 > end) return -1;
  let code = 0;
  for (let at = from; at < from + 4; at += 1) {
    const byte = load<u8>(at);
    const letter: u8 = byte | 0x20;
    if (isDigit(byte)) code = code * 16 + <i32>byte - 48;
    else if (letter >= 0x61 && letter <= 0x66) code = code * 16 + <i32>letter - 87;
    else return -1;
  }
  return code;
}

/** The place behind a number, which has no zero before other digits. What else it holds is for others to check. */
export function pastNumber(from: usize, end: usize): usize {
  const start = byteAt(from, end) === minus ? from + 1 : from;
  if (byteAt(start, end) === zero && isDigit(byteAt(start + 1, end))) return 0;
  let at = start;
  for (; at < end; at += 1) {
    const byte = load<u8>(at);
    // Digits, a point, an exponent with its sign.
    const isPart =
      isDigit(byte) || byte === point || (byte | 0x20) === 0x65 || byte === 0x2b || byte === minus;
    if (!isPart) break;
  }
  return at === start ? 0 : at;
}

/** Of a word, its last four letters are compared as a number; the one before them tells `true` from `false`. */
export function pastWord(from: usize, end: usize, letters: u32, length: usize): usize {
  const to = from + length;
  return to <= end && load<u32>(to - 4) === letters ? to : 0;
}

export const wordTrue: u32 = 0x65757274;
export const wordFalse: u32 = 0x65736c61;
export const wordNull: u32 = 0x6c6c756e;

/** The place behind any value without blanks between its parts; numbers have at most 15 digits and no exponent. */
export function pastJson(from: usize, end: usize, depth: i32): usize {
  if (depth > deepest) return 0;
  switch (byteAt(from, end)) {
    case mark:
      return pastString(from, end);
    case 0x74:
      return pastWord(from, end, wordTrue, 4);
    case 0x66:
      return pastWord(from, end, wordFalse, 5);
    case 0x6e:
      return pastWord(from, end, wordNull, 4);
    case 0x7b:
      return pastObject(from, end, depth + 1);
    case 0x5b:
      return pastList(from, end, depth + 1);
    default:
      return pastShortNumber(from, end);
  }
}

function pastObject(from: usize, end: usize, depth: i32): usize {
  if (byteAt(from + 1, end) === 0x7d) return from + 2;
  let at = from;
  do {
    at = pastString(at + 1, end);
    if (at === 0 || byteAt(at, end) !== 0x3a) return 0;
    at = pastJson(at + 1, end, depth);
    if (at === 0) return 0;
  } while (byteAt(at, end) === 0x2c);
  return byteAt(at, end) === 0x7d ? at + 1 : 0;
}

function pastList(from: usize, end: usize, depth: i32): usize {
  if (byteAt(from + 1, end) === 0x5d) return from + 2;
  let at = from;
  do {
    at = pastJson(at + 1, end, depth);
    if (at === 0) return 0;
  } while (byteAt(at, end) === 0x2c);
  return byteAt(at, end) === 0x5d ? at + 1 : 0;
}

/** A number that readers write again as it was: whole, or a fraction that ends in another digit than zero. */
function pastShortNumber(from: usize, end: usize): usize {
  const to = pastNumber(from, end);
  if (to === 0) return 0;
  const isNegative = load<u8>(from) === minus;
  const start = isNegative ? from + 1 : from;
  if (to - start > 15) return 0;
  let points = 0;
  for (let at = start; at < to; at += 1) {
    const byte = load<u8>(at);
    if (byte === point) points += 1;
    else if (!isDigit(byte)) return 0;
  }
  const first = load<u8>(start);
  if (points === 0) return first !== zero || (to === start + 1 && !isNegative) ? to : 0;
  const last = load<u8>(to - 1);
  const isFraction = points === 1 && isDigit(first) && isDigit(last) && last !== zero;
  // Small fractions are written with an exponent by some.
  const isSmall = first === zero && load<u8>(start + 2) === zero;
  return isFraction && !isSmall ? to : 0;
}

import { pastJson } from './json';
import { isDigit, pastDigits } from './scan';

/** The same numbers as in `../cell-kind.ts`. */
const integer: u8 = 1;
const numeric: u8 = 2;
const bignumeric: u8 = 3;
const float: u8 = 4;
const boolean: u8 = 5;
const json: u8 = 6;
const date: u8 = 7;
const time: u8 = 8;
const shortTime: u8 = 9;
const datetime: u8 = 10;
const timestamp: u8 = 11;
const whole: u8 = 12;
const real: u8 = 13;
const letter: u8 = 14;
const clock: u8 = 15;
const hex: u8 = 16;

const minus: u8 = 0x2d;
const plus: u8 = 0x2b;
const point: u8 = 0x2e;
const colon: u8 = 0x3a;
const zero: u8 = 0x30;

let firstYear: i32 = 1;
let lastYear: i32 = 9999;

export function keepYears(first: i32, last: i32): void {
  firstYear = first;
  lastYear = last;
}

/** Whether any reader takes the bytes for the same value. Good cells in other forms are none. */
export function isPlain(kind: u8, from: usize, to: usize): bool {
  switch (kind) {
    case integer:
      return isDecimal(from, to, 18, 0);
    case numeric:
      return isDecimal(from, to, 29, 9);
    case bignumeric:
      return isDecimal(from, to, 38, 38);
    case float:
      return isFloat(from, to);
    case boolean:
      return isBoolean(from, to);
    case json:
      return isJson(from, to);
    case date:
      return to - from === 10 && isDay(from);
    case time:
      return isTime(from, to);
    case shortTime:
      return isTime(from, to) && (to - from === 8 || load<u8>(to - 1) !== zero);
    case datetime:
      return isMoment(from, to);
    case timestamp:
      return isMoment(from, withoutUtc(from, to));
    case whole:
      return isInt64(from, to);
    case real:
      return isFloat(from, to) || isReal(from, to) || isNoNumber(from, to);
    case letter:
      return to - from === 1 && (load<u8>(from) === 0x74 || load<u8>(from) === 0x66);
    case clock:
      return isTime(from, to) || isEndOfDay(from, to);
    case hex:
      return isHex(from, to);
    default:
      return false;
  }
}

function isDecimal(from: usize, to: usize, whole: usize, fraction: usize): bool {
  const start = from < to && load<u8>(from) === minus ? from + 1 : from;
  const end = pastDigits(start, to);
  if (end === start || end - start > whole) return false;
  if (end === to) return true;
  if (load<u8>(end) !== point) return false;
  const last = pastDigits(end + 1, to);
  return last === to && last > end + 1 && last - end - 1 <= fraction;
}

/** Up to 30 digits and an exponent of two, which is never beyond a double. */
function isFloat(from: usize, to: usize): bool {
  let end = from;
  while (end < to && (load<u8>(end) | 0x20) !== 0x65) end += 1;
  if (end - from > 30 || !isDecimal(from, end, 30, 30)) return false;
  if (end === to) return true;
  const sign: u8 = end + 1 < to ? load<u8>(end + 1) : 0;
  const start = sign === minus || sign === plus ? end + 2 : end + 1;
  return to > start && to - start <= 2 && pastDigits(start, to) === to;
}

/** `true` or `false`, compared as numbers of four bytes. */
function isBoolean(from: usize, to: usize): bool {
  if (to - from === 4) return load<u32>(from) === 0x65757274;
  return to - from === 5 && load<u32>(from) === 0x736c6166 && load<u8>(from + 4) === 0x65;
}

/** An object or a list without blanks, which all readers take for the same. */
function isJson(from: usize, to: usize): bool {
  if (from === to) return false;
  const first = load<u8>(from);
  return (first === 0x7b || first === 0x5b) && pastJson(from, to, 0) === to;
}

/** Below zero for what are no two digits. */
function two(at: usize): i32 {
  const tens = load<u8>(at);
  const ones = load<u8>(at + 1);
  return isDigit(tens) && isDigit(ones) ? (<i32>tens - 48) * 10 + <i32>ones - 48 : -1;
}

/** `YYYY-MM-DD` of a day that there is, in ten bytes. */
function isDay(at: usize): bool {
  const century = two(at);
  const rest = two(at + 2);
  const month = two(at + 5);
  const day = two(at + 8);
  if (century < 0 || rest < 0 || load<u8>(at + 4) !== minus || load<u8>(at + 7) !== minus) return false;
  const year = century * 100 + rest;
  if (year < firstYear || year > lastYear || month < 1 || month > 12 || day < 1) return false;
  if (day < 29) return true;
  if (month === 2) return day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  // The odd months up to July have 31 days, and the even ones from August on.
  return day < 31 || (day === 31 && ((month + (month >> 3)) & 1) === 1);
}

/** `HH:MM:SS[.ffffff]` before midnight, without a leap second. */
function isTime(from: usize, to: usize): bool {
  const length = to - from;
  if (length < 8 || length > 15 || load<u8>(from + 2) !== colon || load<u8>(from + 5) !== colon) return false;
  // What is below zero is large without a sign.
  if (<u32>two(from) > 23 || <u32>two(from + 3) > 59 || <u32>two(from + 6) > 59) return false;
  if (length === 8) return true;
  return length > 9 && load<u8>(from + 8) === point && pastDigits(from + 9, to) === to;
}

function isMoment(from: usize, to: usize): bool {
  if (to - from < 19) return false;
  const between = load<u8>(from + 10);
  return (between === 0x20 || between === 0x54) && isDay(from) && isTime(from + 11, to);
}

/** Where a moment ends before `Z`, `+00` or `+00:00`. */
function withoutUtc(from: usize, to: usize): usize {
  const length = to - from;
  if (length < 20) return to;
  if (load<u8>(to - 1) === 0x5a) return to - 1;
  if (length < 22 || two(to - 2) !== 0) return to;
  if (load<u8>(to - 3) === plus) return to - 3;
  return length >= 25 && load<u8>(to - 3) === colon && two(to - 5) === 0 && load<u8>(to - 6) === plus
    ? to - 6
    : to;
}

function isInt64(from: usize, to: usize): bool {
  const isNegative = from < to && load<u8>(from) === minus;
  const start = isNegative ? from + 1 : from;
  const digits = to - start;
  if (digits === 0 || digits > 19 || pastDigits(start, to) !== to) return false;
  if (digits < 19) return true;
  let value: u64 = 0;
  for (let at = start; at < to; at += 1) value = value * 10 + (load<u8>(at) - zero);
  return value <= <u64>i64.MAX_VALUE + (isNegative ? 1 : 0);
}

/** Any digits with a point and an exponent. */
function isReal(from: usize, to: usize): bool {
  const start = from < to && load<u8>(from) === minus ? from + 1 : from;
  let at = pastDigits(start, to);
  let digits = at - start;
  if (at < to && load<u8>(at) === point) {
    const end = pastDigits(at + 1, to);
    digits += end - at - 1;
    at = end;
  }
  if (digits === 0) return false;
  if (at === to) return true;
  if ((load<u8>(at) | 0x20) !== 0x65) return false;
  at += 1;
  if (at < to && (load<u8>(at) === minus || load<u8>(at) === plus)) at += 1;
  return at < to && pastDigits(at, to) === to;
}

/** `NaN`, `Infinity`, `-Infinity` */
function isNoNumber(from: usize, to: usize): bool {
  if (to - from === 3)
    return load<u8>(from) === 0x4e && load<u8>(from + 1) === 0x61 && load<u8>(from + 2) === 0x4e;
  const start = from < to && load<u8>(from) === minus ? from + 1 : from;
  return to - start === 8 && load<u32>(start) === 0x69666e49 && load<u32>(start + 4) === 0x7974696e;
}

/** `24:00:00[.0…]`, a time that databases have and most languages do not. */
function isEndOfDay(from: usize, to: usize): bool {
  const length = to - from;
  if (length < 8 || length === 9 || length > 15) return false;
  if (load<u32>(from) !== 0x303a3432 || load<u32>(from + 4) !== 0x30303a30) return false;
  if (length > 8 && load<u8>(from + 8) !== point) return false;
  for (let at = from + 9; at < to; at += 1) if (load<u8>(at) !== zero) return false;
  return true;
}

/** Pairs of hexadecimal digits, lower case. */
function isHex(from: usize, to: usize): bool {
  if (((to - from) & 1) === 1) return false;
  for (let at = from; at < to; at += 1) {
    const byte = load<u8>(at);
    if (!isDigit(byte) && (byte < 0x61 || byte > 0x66)) return false;
  }
  return true;
}

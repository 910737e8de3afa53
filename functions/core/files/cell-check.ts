import type { Column } from '../schema.ts';
import { pastJson } from './json-scan.ts';
import { NotPlain } from './not-plain.ts';

/** True for bytes that any reader takes for the same value of a column. Good cells in other forms are false too. */
export type CellCheck = (bytes: Uint8Array, from: number, to: number) => boolean;

/** What dates and times a warehouse can hold. @default the years 1 to 9999 */
export interface Years {
  readonly first: number;
  readonly last: number;
  /** A TIME has no zero at the end of its fraction. @default false */
  readonly isShortTime?: boolean;
}

const [zero, nine, minus, plus, point, colon] = [0x30, 0x39, 0x2d, 0x2b, 0x2e, 0x3a];
const daysOfMonths = Uint8Array.of(0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31);

/**
 * How cells of a column are told from those that only a close look can read: `1.5` in a column of whole numbers, `today`
 * as a date, a zone that would be dropped. Undefined for a type that is always looked at closely; `text` needs no look.
 */
export function cellCheck(
  column: Column,
  years: Years = { first: 1, last: 9999 },
): CellCheck | 'text' | undefined {
  if (column.mode === 'REPEATED' || column.format !== undefined) return undefined;
  switch (column.type) {
    case 'STRING':
      return 'text';
    case 'INTEGER':
      return (bytes, from, to) => isDecimal(bytes, from, to, 18, 0);
    case 'NUMERIC':
      return (bytes, from, to) => isDecimal(bytes, from, to, 29, 9);
    case 'BIGNUMERIC':
      return (bytes, from, to) => isDecimal(bytes, from, to, 38, 38);
    case 'FLOAT':
      return isFloat;
    case 'BOOLEAN':
      return isBoolean;
    case 'DATE':
      return (bytes, from, to) => to - from === 10 && isDay(bytes, from, years);
    case 'TIME':
      return years.isShortTime === true ? isShortTime : isTime;
    case 'DATETIME':
      return (bytes, from, to) => isMoment(bytes, from, to, years);
    case 'TIMESTAMP':
      return (bytes, from, to) => isMoment(bytes, from, withoutUtc(bytes, from, to), years);
    case 'JSON':
      return isJson;
    default:
      return undefined;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}

/** The first place that is no digit. */
function pastDigits(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isDigit(bytes[at])) at += 1;
  return at;
}

function isDecimal(bytes: Uint8Array, from: number, to: number, whole: number, fraction: number): boolean {
  const start = bytes[from] === minus ? from + 1 : from;
  const end = pastDigits(bytes, start, to);
  if (end === start || end - start > whole) return false;
  if (end === to) return true;
  const last = pastDigits(bytes, end + 1, to);
  return bytes[end] === point && last === to && last > end + 1 && last - end - 1 <= fraction;
}

/** Up to 30 digits and an exponent of two, which is never beyond a double. */
function isFloat(bytes: Uint8Array, from: number, to: number): boolean {
  let end = from;
  while (end < to && bytes[end] !== 0x65 && bytes[end] !== 0x45) end += 1;
  if (end - from > 30 || !isDecimal(bytes, from, end, 30, 30)) return false;
  if (end === to) return true;
  const sign = bytes[end + 1];
  const start = sign === minus || sign === plus ? end + 2 : end + 1;
  return to > start && to - start <= 2 && pastDigits(bytes, start, to) === to;
}

const [yes, no] = [Uint8Array.of(0x74, 0x72, 0x75, 0x65), Uint8Array.of(0x66, 0x61, 0x6c, 0x73, 0x65)];

function isBoolean(bytes: Uint8Array, from: number, to: number): boolean {
  const word = to - from === yes.length ? yes : no;
  if (to - from !== word.length) return false;
  for (let at = 0; at < word.length; at += 1) if (bytes[from + at] !== word[at]) return false;
  return true;
}

function two(bytes: Uint8Array, at: number): number {
  const [tens, ones] = [bytes[at], bytes[at + 1]];
  return isDigit(tens) && isDigit(ones) ? ((tens ?? 0) - zero) * 10 + (ones ?? 0) - zero : 99;
}

/** `YYYY-MM-DD` of a day that there is. */
function isDay(bytes: Uint8Array, at: number, { first, last }: Years): boolean {
  const [century, rest, month, day] = [
    two(bytes, at),
    two(bytes, at + 2),
    two(bytes, at + 5),
    two(bytes, at + 8),
  ];
  if (bytes[at + 4] !== minus || bytes[at + 7] !== minus || !isDigit(bytes[at]) || !isDigit(bytes[at + 2]))
    return false;
  const year = century * 100 + rest;
  if (year < first || year > last || month < 1 || month > 12 || day < 1) return false;
  if (day > (daysOfMonths[month] ?? 0)) return false;
  return day < 29 || month !== 2 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0));
}

function isShortTime(bytes: Uint8Array, from: number, to: number): boolean {
  return isTime(bytes, from, to) && (to - from === 8 || bytes[to - 1] !== zero);
}

function isMoment(bytes: Uint8Array, from: number, to: number, years: Years): boolean {
  return (
    to - from >= 19 &&
    (bytes[from + 10] === 0x20 || bytes[from + 10] === 0x54) &&
    isDay(bytes, from, years) &&
    isTime(bytes, from + 11, to)
  );
}

/** Where a moment ends before `Z`, `+00` or `+00:00`. */
function withoutUtc(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[to - 1] === 0x5a) return to - 1;
  for (const length of [3, 6]) {
    const start = to - length;
    if (start < from + 19 || bytes[start] !== plus) continue;
    const isZero = two(bytes, start + 1) === 0;
    if (isZero && (length === 3 || (bytes[start + 3] === colon && two(bytes, start + 4) === 0))) return start;
  }
  return to;
}

/** An object or a list without blanks, which all readers take for the same. */
function isJson(bytes: Uint8Array, from: number, to: number): boolean {
  if (bytes[from] !== 0x7b && bytes[from] !== 0x5b) return false;
  try {
    return pastJson(bytes, from) === to;
  } catch (error) {
    if (error instanceof NotPlain) return false;
    throw error;
  }
}

/** `HH:MM:SS[.ffffff]` before midnight, without a leap second. */
function isTime(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 8 || bytes[from + 2] !== colon || bytes[from + 5] !== colon) return false;
  if (two(bytes, from) > 23 || two(bytes, from + 3) > 59 || two(bytes, from + 6) > 59) return false;
  if (to - from === 8) return true;
  return (
    bytes[from + 8] === point && to - from > 9 && to - from <= 15 && pastDigits(bytes, from + 9, to) === to
  );
}

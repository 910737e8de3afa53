import { buffer, held, keep, reserve } from './buffer';
import { isPlain } from './cell';
import {
  hadEscape,
  keepStep,
  pastJson,
  pastNumber,
  pastString,
  pastWord,
  wordFalse,
  wordNull,
  wordTrue,
} from './json';
import { byteAt } from './scan';
import { takeRecord } from './take';

/** What a value is; the same numbers as in `../line-look.ts`. */
const isNothing: u32 = 0;
const isPlainText: u32 = 1;
const isEscaped: u32 = 2;
const isTrue: u32 = 3;
const isFalse: u32 = 4;

/** Kinds of fields: those of cells, of which these are written without quotes. */
const text: u8 = 0;
const lastNumber: u8 = 4;
const boolean: u8 = 5;
const json: u8 = 6;

/** A field in memory: its name, the record that it was in last, its kind, and whether it is required. */
const size: usize = 24;
const nameAt: usize = 0;
const lengthAt: usize = 4;
const seenAt: usize = 8;
const kindAt: usize = 16;
const requiredAt: usize = 17;

const newline: u8 = 0x0a;
const mark: u8 = 0x22;

let width: i32 = 0;
let fields: usize = 0;
let records: u64 = 0;
let isTaken: bool = false;
/** Of the record that is looked at, twelve bytes for each field, see `takeRecord`. Texts are without quotes. */
let values: usize = 0;
/** The field whose value was passed last, and its kind. */
let field: i32 = 0;

/** @returns the place for the fields, 24 bytes each, and behind it for as many bytes of their names as are said */
export function beginLines(count: i32, nameBytes: usize, hasTaker: bool): usize {
  width = count;
  isTaken = hasTaker;
  values = reserve(12 * count);
  fields = reserve(size * count + nameBytes);
  keepStep(1);
  return fields;
}

/** Whether a record had the field. */
export function wasSeen(index: i32): bool {
  return load<u64>(fields + size * index, seenAt) > 0;
}

/**
 * Looks at lines, each of which ends in a newline.
 *
 * @param bytes of the chunk that was put into the buffer
 * @param whole bytes of it up to the end of its last line
 * @returns false when a line is not plain
 */
export function lookAtLines(bytes: usize, whole: usize): bool {
  const end = buffer + held + whole;
  for (let at = buffer; at < end; ) {
    at = readRecord(at, end);
    if (at === 0) return false;
  }
  keep(end, end + bytes - whole);
  return true;
}

/** The place behind the line; 0, as in all functions here, for one that is not plain. */
function readRecord(from: usize, end: usize): usize {
  records += 1;
  for (let index = 0; index < width; index += 1) store<u32>(values + 12 * index, isNothing);
  let at = pastBlank(from, end);
  if (byteAt(at, end) !== 0x7b) return 0;
  field = -1;
  do {
    at = pastName(pastBlank(at + 1, end), end);
    if (at === 0) return 0;
    at = pastBlank(at, end);
    if (byteAt(at, end) !== 0x3a) return 0;
    at = pastValue(pastBlank(at + 1, end), end);
    if (at === 0) return 0;
    at = pastBlank(at, end);
  } while (byteAt(at, end) === 0x2c);
  if (byteAt(at, end) !== 0x7d) return 0;
  at = pastBlank(at + 1, end);
  if (byteAt(at, end) !== newline) return 0;
  for (let index = 0; index < width; index += 1) {
    const isMissing = load<u32>(values + 12 * index) === isNothing;
    if (isMissing && load<u8>(fields + size * index, requiredAt) !== 0) return 0;
  }
  if (isTaken) takeRecord(values);
  return at + 1;
}

function pastBlank(from: usize, end: usize): usize {
  let at = from;
  while (byteAt(at, end) === 0x20 || byteAt(at, end) === 0x09) at += 1;
  return at;
}

/** Passes a name and finds its field, which the record must not have had. */
function pastName(from: usize, end: usize): usize {
  if (byteAt(from, end) !== mark) return 0;
  // Writers keep to one order, so the field after the last one is tried first.
  field += 1;
  if (field === width || !isNamed(field, from + 1, end)) {
    for (field = 0; field < width; field += 1) if (isNamed(field, from + 1, end)) break;
    if (field === width) return 0;
  }
  const at = fields + size * field;
  if (load<u64>(at, seenAt) === records) return 0;
  store<u64>(at, records, seenAt);
  return from + load<u32>(at, lengthAt) + 2;
}

function isNamed(index: i32, from: usize, end: usize): bool {
  const at = fields + size * index;
  const length = load<u32>(at, lengthAt);
  if (byteAt(from + length, end) !== mark) return false;
  return memory.compare(from, load<u32>(at, nameAt), length) === 0;
}

/** Passes the field's value. */
function pastValue(from: usize, end: usize): usize {
  if (byteAt(from, end) === 0x6e) return note(isNothing, from, pastWord(from, end, wordNull, 4));
  const kind = load<u8>(fields + size * field, kindAt);
  if (kind === text) return pastText(from, end);
  if (kind <= lastNumber) {
    const to = pastNumber(from, end);
    return to !== 0 && isPlain(kind, from, to) ? note(isPlainText, from, to) : 0;
  }
  if (kind === boolean) {
    const first = byteAt(from, end);
    if (first === 0x74) return note(isTrue, from, pastWord(from, end, wordTrue, 4));
    return first === 0x66 ? note(isFalse, from, pastWord(from, end, wordFalse, 5)) : 0;
  }
  if (kind === json) {
    const first = byteAt(from, end);
    return first === 0x7b || first === 0x5b ? note(isPlainText, from, pastJson(from, end, 0)) : 0;
  }
  const to = pastText(from, end);
  return to !== 0 && !hadEscape && isPlain(kind, from + 1, to - 1) ? to : 0;
}

function pastText(from: usize, end: usize): usize {
  const to = pastString(from, end);
  if (to === 0) return 0;
  note(hadEscape ? isEscaped : isPlainText, from + 1, to - 1);
  return to;
}

/** @returns the end */
function note(what: u32, from: usize, to: usize): usize {
  const at = values + 12 * field;
  store<u32>(at, what);
  store<u32>(at, <u32>from, 4);
  store<u32>(at, <u32>to, 8);
  return to;
}

import { Buffer, isUtf8 } from 'node:buffer';
import type { CellCheck } from './cell-check.ts';
import { pastJson, pastNumber, pastString, pastWord } from './json-scan.ts';
import { NotPlain } from './not-plain.ts';

/** What a field of a JSON Lines file may hold: `json` is an object or a list, kept as its text. */
export type FieldCheck =
  | { readonly kind: 'text' | 'boolean' | 'json' }
  /** As a number, or as a text without escapes. */
  | { readonly kind: 'number' | 'quoted'; readonly check: CellCheck };

export interface LookField {
  readonly name: string;
  readonly check: FieldCheck;
  readonly isRequired: boolean;
  /** One record at least has the field. */
  readonly isExpected: boolean;
}

/** What a value of a record is. */
export const kinds = { none: 0, plain: 1, escaped: 2, true: 3, false: 4 } as const;

/** One record, valid until the next: of each field the kind of its value, and where its bytes are, without quotes. */
export interface LookedRecord {
  readonly kinds: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

export type OnRecord = (bytes: Uint8Array, record: LookedRecord) => void;

/** A longer record is left to the checked reader, which says what is wrong with it. */
const longest = 16 * 2 ** 20;
const [newline, space, tab, mark, colon, comma, open, close] = [
  0x0a, 0x20, 0x09, 0x22, 0x3a, 0x2c, 0x7b, 0x7d,
];

/**
 * Goes over the bytes of a JSON Lines file once: each line has to be one object of known fields, each there once at most,
 * whose values fit. Both functions throw `NotPlain` otherwise.
 *
 * @param onRecord gets each record with the bytes that it is in
 */
export function createLineLook(
  fields: readonly LookField[],
  onRecord?: OnRecord,
): { at(chunk: Uint8Array): void; end(): void } {
  const keys = fields.map(({ name }) => Buffer.from(name));
  const checks = fields.map(({ check }) => check);
  const required = fields.flatMap(({ isRequired }, index) => (isRequired ? [index] : []));
  const record = {
    kinds: new Uint8Array(fields.length),
    starts: new Uint32Array(fields.length),
    ends: new Uint32Array(fields.length),
  };
  /** Number of the record in which a field was seen last. */
  const seen = new Float64Array(fields.length);
  let records = 0;
  let rest: Buffer = Buffer.alloc(0);

  const isKey = (bytes: Uint8Array, from: number, key: Uint8Array): boolean => {
    for (let index = 0; index < key.length; index += 1) if (bytes[from + index] !== key[index]) return false;
    return bytes[from + key.length] === mark;
  };
  /** Writers keep to one order, so the field after the last one is tried first. */
  const fieldAt = (bytes: Uint8Array, from: number, guess: number): number => {
    const likely = keys[guess];
    if (likely !== undefined && isKey(bytes, from, likely)) return guess;
    return keys.findIndex((key) => isKey(bytes, from, key));
  };
  const pastBlank = (bytes: Uint8Array, from: number): number => {
    let at = from;
    while (bytes[at] === space || bytes[at] === tab) at += 1;
    return at;
  };
  const note = (field: number, kind: number, start: number, end: number): number => {
    record.kinds[field] = kind;
    record.starts[field] = start;
    record.ends[field] = end;
    return end;
  };

  /** @returns the place behind the value */
  const readValue = (bytes: Uint8Array, from: number, field: number): number => {
    const check = checks[field];
    if (check === undefined) throw new NotPlain();
    const first = bytes[from];
    if (first === 0x6e) return note(field, kinds.none, from, pastWord(bytes, from, 'null'));
    switch (check.kind) {
      case 'text':
      case 'quoted': {
        const end = pastString(bytes, from);
        const to = Math.abs(end) - 1;
        if (check.kind === 'quoted' && (end < 0 || !check.check(bytes, from + 1, to))) throw new NotPlain();
        note(field, end < 0 ? kinds.escaped : kinds.plain, from + 1, to);
        return to + 1;
      }
      case 'number': {
        const end = pastNumber(bytes, from);
        if (!check.check(bytes, from, end)) throw new NotPlain();
        return note(field, kinds.plain, from, end);
      }
      case 'boolean':
        return first === 0x74
          ? note(field, kinds.true, from, pastWord(bytes, from, 'true'))
          : note(field, kinds.false, from, pastWord(bytes, from, 'false'));
      case 'json':
        if (first !== open && first !== 0x5b) throw new NotPlain();
        return note(field, kinds.plain, from, pastJson(bytes, from));
    }
  };

  /** @returns the place behind the line */
  const readRecord = (bytes: Uint8Array, from: number): number => {
    records += 1;
    record.kinds.fill(kinds.none);
    let at = pastBlank(bytes, from);
    if (bytes[at] !== open) throw new NotPlain();
    let guess = 0;
    do {
      at = pastBlank(bytes, at + 1);
      if (bytes[at] !== mark) throw new NotPlain();
      const field = fieldAt(bytes, at + 1, guess);
      if (field === -1 || seen[field] === records) throw new NotPlain();
      seen[field] = records;
      guess = field + 1;
      at = pastBlank(bytes, at + (keys[field]?.length ?? 0) + 2);
      if (bytes[at] !== colon) throw new NotPlain();
      at = pastBlank(bytes, readValue(bytes, pastBlank(bytes, at + 1), field));
    } while (bytes[at] === comma);
    if (bytes[at] !== close) throw new NotPlain();
    at = pastBlank(bytes, at + 1);
    if (bytes[at] !== newline) throw new NotPlain();
    for (const field of required) if (record.kinds[field] === kinds.none) throw new NotPlain();
    onRecord?.(bytes, record);
    return at + 1;
  };

  const readLines = (bytes: Uint8Array) => {
    if (!isUtf8(bytes)) throw new NotPlain();
    for (let at = 0; at < bytes.length; ) at = readRecord(bytes, at);
  };

  return {
    at(chunk) {
      const last = chunk.lastIndexOf(newline) + 1;
      let from = 0;
      if (rest.length > 0 && last > 0) {
        from = chunk.indexOf(newline) + 1;
        readLines(Buffer.concat([rest, chunk.subarray(0, from)]));
      }
      if (last > from) readLines(chunk.subarray(from, last));
      const open = chunk.subarray(last);
      rest = Buffer.from(last > 0 || rest.length === 0 ? open : Buffer.concat([rest, open]));
      if (rest.length > longest) throw new NotPlain();
    },
    end() {
      if (rest.length > 0) readLines(Buffer.concat([rest, Buffer.of(newline)]));
      if (fields.some(({ isExpected }, index) => isExpected && seen[index] === 0)) throw new NotPlain();
    },
  };
}

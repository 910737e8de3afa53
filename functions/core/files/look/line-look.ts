import { Buffer } from 'node:buffer';
import { NotPlain } from '../not-plain.ts';
import type { Years } from './cell-kind.ts';
import { openLook } from './open-look.ts';
import { createUtf8Look } from './utf8-look.ts';

export interface LookField {
  readonly name: string;
  /** Of `cellKinds`: numbers stand as numbers, dates and times as texts, JSON as an object or a list. */
  readonly kind: number;
  readonly isRequired: boolean;
  /** One record at least has the field. */
  readonly isExpected: boolean;
}

/** What a value of a record is; the same numbers as in `assembly/lines.ts`. */
export const values = { none: 0, plain: 1, escaped: 2, true: 3, false: 4 } as const;

/**
 * One record, valid until the next: from `at` on, of each field what its value is, where its bytes begin, and where they end,
 * without quotes.
 */
export type OnRecord = (bytes: Uint8Array, words: Uint32Array, at: number) => void;

export interface LineLook {
  at(chunk: Uint8Array): void;
  end(): void;
  /** Names of fields that a record had. */
  seen(): readonly string[];
}

const newline = 0x0a;
/** Bytes of a field, as `assembly/lines.ts` keeps it. */
const fieldBytes = 24;

/**
 * Goes over the bytes of a JSON Lines file once: each line has to be one object of known fields, each there once at most,
 * whose values fit. `at` and `end` throw `NotPlain` otherwise.
 *
 * @param onRecord gets each record with the bytes that it is in
 */
export function createLineLook(
  fields: readonly LookField[],
  years?: Pick<Years, 'first' | 'last'>,
  onRecord?: OnRecord,
): LineLook {
  const look = openLook({
    takeRecord: (place) => onRecord?.(look.bytes(), look.words(), place / 4),
  });
  const { wasm } = look;
  if (years !== undefined) wasm.keepYears(years.first, years.last);
  const names = fields.map(({ name }) => Buffer.from(name));
  const nameBytes = names.reduce((sum, { length }) => sum + length, 0);
  const place = wasm.beginLines(fields.length, nameBytes, onRecord !== undefined);
  let nameAt = place + fieldBytes * fields.length;
  for (const [index, { kind, isRequired }] of fields.entries()) {
    const name = names[index] ?? Buffer.alloc(0);
    const at = place + fieldBytes * index;
    look.words().set([nameAt, name.length], at / 4);
    look.bytes().set([kind, isRequired ? 1 : 0], at + 16);
    look.bytes().set(name, nameAt);
    nameAt += name.length;
  }

  const utf8 = createUtf8Look();
  const lookAt = (chunk: Uint8Array) => look.putLines(chunk, wasm.lookAtLines);
  return {
    at(chunk) {
      utf8.at(chunk);
      lookAt(chunk);
    },
    end() {
      utf8.end();
      // The last line may do without an end.
      if (wasm.held.value > 0) lookAt(Buffer.of(newline));
      if (fields.some(({ isExpected }, index) => isExpected && wasm.wasSeen(index) === 0))
        throw new NotPlain();
    },
    seen: () => fields.filter((_, index) => wasm.wasSeen(index) === 1).map(({ name }) => name),
  };
}

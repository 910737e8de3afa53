import { Buffer } from 'node:buffer';
import { NotPlain } from '../not-plain.ts';
import type { Years } from './cell-kind.ts';
import type { CellTaker } from './cell-taker.ts';
import { giveCells } from './cell-taker.ts';
import { openLook } from './open-look.ts';
import { createUtf8Look } from './utf8-look.ts';

export interface LookRequest {
  /** How each cell of a record is looked at, of `cellKinds`. */
  readonly kinds: readonly number[];
  readonly required: readonly boolean[];
  /** @default 1 to 9999 */
  readonly years?: Pick<Years, 'first' | 'last'> | undefined;
  readonly delimiter: string;
  readonly quote: string;
  /** The first record is none. */
  readonly hasHeader: boolean;
}

/** Goes over the bytes of a file once, without making a value of any cell. Both functions throw `NotPlain`. */
export function createLook(
  { kinds, required, years, delimiter, quote, hasHeader }: LookRequest,
  taker?: CellTaker,
): {
  at(chunk: Uint8Array): void;
  end(): void;
} {
  const width = kinds.length;
  const look = openLook({
    takeCells(place) {
      if (taker !== undefined)
        giveCells(taker, width, { bytes: look.bytes(), words: look.words(), at: place / 4 });
    },
  });
  const { wasm } = look;
  if (years !== undefined) wasm.keepYears(years.first, years.last);
  const isTaken = taker !== undefined;
  const columns = wasm.beginCsv(width, delimiter.charCodeAt(0), quote.charCodeAt(0), hasHeader, isTaken);
  for (const [index, kind] of kinds.entries())
    look.bytes().set([kind, required[index] === true ? 1 : 0], columns + 2 * index);

  const utf8 = createUtf8Look();
  const lookAt = (chunk: Uint8Array) => {
    look.put(chunk);
    if (wasm.lookAtCsv(chunk.length) === 0) throw new NotPlain();
  };
  return {
    at(chunk) {
      utf8.at(chunk);
      lookAt(chunk);
    },
    end() {
      utf8.end();
      if (wasm.held.value === 0) return;
      // The last line may do without an end.
      lookAt(Buffer.of(0x0a));
      if (wasm.held.value > 0) throw new NotPlain();
    },
  };
}

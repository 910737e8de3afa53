import { Buffer } from 'node:buffer';
import type { CellTaker } from './cell-taker.ts';
import { giveCells } from './cell-taker.ts';
import { openLook } from './open-look.ts';

const newline = 0x0a;

/**
 * Takes a stream of `tsv` (see `bytes.ts`) apart. Both functions throw `NotPlain` for a cell that is not of its kind, and for
 * a record of another number of cells.
 *
 * @param kinds of the cells of a record, of `cellKinds`
 */
export function createTsvLook(
  kinds: readonly number[],
  taker: CellTaker,
): { at(chunk: Uint8Array): void; end(): void } {
  const width = kinds.length;
  const look = openLook({
    takeCells: (place) =>
      giveCells(taker, width, { bytes: look.bytes(), words: look.words(), at: place / 4 }),
  });
  const { wasm } = look;
  const place = wasm.beginTsv(width);
  look.bytes().set(kinds, place);
  const lookAt = (chunk: Uint8Array) => look.putLines(chunk, wasm.lookAtTsv);
  return {
    at: lookAt,
    end() {
      // The last line may do without an end.
      if (wasm.held.value > 0) lookAt(Buffer.of(newline));
    },
  };
}

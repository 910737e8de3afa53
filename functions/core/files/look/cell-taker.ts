/** Gets each cell that was found good: bytes that are valid during the call only; none at all for NULL. */
export interface CellTaker {
  cell(column: number, bytes: Uint8Array, from: number, to: number): void;
  none(column: number): void;
  /** Behind the last cell of a record. */
  endRecord(): void;
}

/** In place of where a cell begins. */
const nothing = 0xffff_ffff;

/**
 * Gives the cells of a record to who takes them.
 *
 * @param words the memory of the look as whole numbers, which has where the cells are from `at` on
 */
export function giveCells(
  taker: CellTaker,
  width: number,
  { bytes, words, at }: { readonly bytes: Uint8Array; readonly words: Uint32Array; readonly at: number },
): void {
  for (let column = 0, place = at; column < width; column += 1, place += 2) {
    const from = words[place] as number;
    if (from === nothing) taker.none(column);
    else taker.cell(column, bytes, from, words[place + 1] as number);
  }
  taker.endRecord();
}

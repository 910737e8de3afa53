import type { Column } from '../../functions/core/schema.ts';

/** Both: the column stays, under its own name or a new one. One side only: it is dropped or added. */
export interface ColumnPair {
  readonly old?: Column | undefined;
  readonly new?: Column | undefined;
}

interface Placed {
  readonly column: Column;
  /** How many of the columns that stay come before it. */
  readonly place: number;
}

/**
 * Matches the columns of two shapes by name (BigQuery ignores case), then what is left by likeness: a dropped and an
 * added column are one renamed column when type and mode are equal and equally many of the columns that stay come
 * before them. In the order of the new columns, dropped ones last.
 */
export function pairColumns(before: readonly Column[], after: readonly Column[]): ColumnPair[] {
  const byName = new Map(before.map((column) => [column.name.toLowerCase(), column]));
  const newNames = new Set(after.map(({ name }) => name.toLowerCase()));
  const gone = places(before, newNames).filter(({ column }) => !newNames.has(column.name.toLowerCase()));
  const pairs: ColumnPair[] = places(after, new Set(byName.keys())).map(({ column, place }) => {
    const same = byName.get(column.name.toLowerCase());
    return { old: same ?? takeSimilar(gone, column, place), new: column };
  });
  return [...pairs, ...gone.map(({ column }) => ({ old: column }))];
}

/** The fewest columns that, put elsewhere, turn the old order into the new one. */
export function movedColumns(pairs: readonly ColumnPair[], before: readonly Column[]): string[] {
  const stay = pairs.flatMap(({ old, new: now }) =>
    old !== undefined && now !== undefined ? [{ name: now.name, at: before.indexOf(old) }] : [],
  );
  // The longest run that is in order already: the rest has moved. best[i] ends at i.
  const best: { length: number; previous: number }[] = [];
  for (const [_i, { at }] of stay.entries()) {
    let [length, previous] = [1, -1];
    for (const [j, run] of best.entries())
      if ((stay[j]?.at ?? 0) < at && run.length + 1 > length) [length, previous] = [run.length + 1, j];
    best.push({ length, previous });
  }
  const inOrder = new Set<number>();
  let last = best.reduce((top, run, index) => (run.length > (best[top]?.length ?? 0) ? index : top), 0);
  while (last >= 0 && last < best.length) {
    inOrder.add(last);
    last = best[last]?.previous ?? -1;
  }
  return stay.filter((_, index) => !inOrder.has(index)).map(({ name }) => name);
}

function places(columns: readonly Column[], staying: ReadonlySet<string>): Placed[] {
  let place = 0;
  return columns.map((column) => ({
    column,
    place: staying.has(column.name.toLowerCase()) ? place++ : place,
  }));
}

function takeSimilar(candidates: Placed[], column: Column, place: number): Column | undefined {
  const index = candidates.findIndex(
    (gone) => gone.place === place && gone.column.type === column.type && gone.column.mode === column.mode,
  );
  return index === -1 ? undefined : candidates.splice(index, 1)[0]?.column;
}

import type { BenchRow } from './row.ts';

/** `-` for a line that has no bar and whose results are equal: it informs. */
export type Verdict = 'passes' | 'misses' | 'differs' | '-';

export function verdictOf({ ratio, bar, checksum }: BenchRow): Verdict {
  if (checksum === 'differs') return 'differs';
  if (bar === undefined) return '-';
  // What could not be measured has not passed.
  return ratio <= bar ? 'passes' : 'misses';
}

/** True when no bar is missed and both sides of every line made the same. */
export function hasPassed(rows: readonly BenchRow[]): boolean {
  return rows.every((row) => !['misses', 'differs'].includes(verdictOf(row)));
}

/** A range of days of daily data, read again when the vendor restates it. */
export interface WindowCursor {
  readonly kind: 'window';
  /** Days before today that are not asked for yet, because the vendor has no data for them. 1 = up to yesterday. */
  readonly lag: number;
  /** Days before the cursor that are read again on each incremental run, because the vendor restates them. */
  readonly lookback: number;
  /** Most days one request may span, both ends included. */
  readonly maxSpan: number;
  /** Hours in which days that were read once are not read again. @default 20 */
  readonly rereadAfterHours?: number;
}

/** Files or objects, each read once per generation. */
export interface ObjectsCursor {
  readonly kind: 'objects';
}

/** Everything, each time. */
export interface SnapshotCursor {
  readonly kind: 'snapshot';
}

export type Cursor = WindowCursor | ObjectsCursor | SnapshotCursor;

export const writeModes = ['append', 'merge', 'replace', 'replaceWindow'] as const;

/**
 * - `append`: insert; a slice is inserted once and never again
 * - `merge`: insert or update by key
 * - `replace`: swap the whole table in one transaction
 * - `replaceWindow`: delete what the slice covers (its origin and window, and rows of the same keys), insert, in one transaction
 */
export type WriteMode = (typeof writeModes)[number];

/** Days from `start` to `end`, both included, as `YYYY-MM-DD`. */
export interface DayWindow {
  readonly start: string;
  readonly end: string;
}

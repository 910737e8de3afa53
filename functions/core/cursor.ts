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

/** A column that grows with each change, such as `updated_at` or a serial id: rows from the newest value on. */
export interface WatermarkCursor {
  readonly kind: 'watermark';
  /** Column of the schema file: INTEGER, DATE, DATETIME or TIMESTAMP. */
  readonly field: string;
  /**
   * How far behind the newest value read a run begins again, so that rows committed late are caught: seconds for dates
   * and times, the column's own unit for integers.
   */
  readonly lookback: number;
}

/** Changes in the order of a source's log, from the last position that was committed with its data. */
export interface LogCursor {
  readonly kind: 'log';
}

/** Everything, each time. */
export interface SnapshotCursor {
  readonly kind: 'snapshot';
}

export type Cursor = WindowCursor | WatermarkCursor | ObjectsCursor | LogCursor | SnapshotCursor;

export const writeModes = ['append', 'merge', 'replace', 'replaceWindow'] as const;

/**
 * - `append`: insert; a slice is inserted once and never again
 * - `merge`: insert or update by key
 * - `replace`: swap the whole table in one transaction
 * - `replaceWindow`: delete what the slice covers (its origin and window, and rows of the same keys), insert, in one transaction
 */
export type WriteMode = (typeof writeModes)[number];

/** Values of a watermark column, or the rows that have none. */
export interface WatermarkRange {
  /** Included; undefined for everything up to `to`, rows without a value too. */
  readonly from?: string | undefined;
  /** Included, unless `isOpen`. Undefined for the rows without a value, and no others: no cursor follows them. */
  readonly to?: string | undefined;
  /** Of rows without a value: how many there are; for a table that appends, how many arrive as NULL. */
  readonly rows?: number | undefined;
  /** True when rows with the value `to` itself are left for later: more of them may still come. */
  readonly isOpen?: boolean | undefined;
  /** True when the table is read from its beginning although it was read before. Set by the planner, never by `probe`. */
  readonly isReload?: boolean | undefined;
}

/** Days from `start` to `end`, both included, as `YYYY-MM-DD`. */
export interface DayWindow {
  readonly start: string;
  readonly end: string;
}

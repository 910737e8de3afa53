/** Rows as columns, ready for a columnar append. */
export interface ColumnBatch {
  readonly rows: number;
  /**
   * One list of values per column: the target's columns in order, then the system columns. Values are canonical:
   * STRING text; INTEGER bigint; FLOAT number; NUMERIC, BIGNUMERIC text; BOOLEAN boolean; DATE `YYYY-MM-DD`;
   * TIME `HH:MM:SS[.ffffff]`; DATETIME `YYYY-MM-DD HH:MM:SS[.ffffff]`; TIMESTAMP bigint microseconds since 1970 UTC;
   * BYTES Uint8Array; JSON text; RECORD an object of canonical values; REPEATED a list; NULL null.
   */
  readonly values: readonly (readonly unknown[])[];
}

/** A row that breaks the schema file's contract. */
export interface Quarantined {
  /** Position in the slice, from 0; undefined when the reader could not say. */
  readonly row?: number | undefined;
  /** Column, with dots into records. */
  readonly path: string;
  /** What the contract says and what came, without the value. */
  readonly reason: string;
  /** The value with its middle hidden. */
  readonly masked: string;
}

/** A field that the source sends and the schema file does not name. */
export interface Drift {
  readonly field: string;
  /** A column that would hold what was seen: the patch for the schema file. */
  readonly suggested: {
    readonly name: string;
    readonly type: string;
    readonly mode: 'NULLABLE' | 'REPEATED';
  };
  readonly rows: number;
}

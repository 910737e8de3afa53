import type { Row } from '../extract.ts';
import type { Column } from '../schema.ts';
import { Bad } from './bad.ts';
import type { Field } from './coerce.ts';
import { fieldsOf, isRecord } from './coerce.ts';
import { createExtras } from './extras.ts';
import { mask } from './mask.ts';

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
  /** With dots into records. */
  readonly field: string;
  /** A column that would hold what was seen: the patch for the schema file. */
  readonly suggested: {
    readonly name: string;
    readonly type: string;
    readonly mode: 'NULLABLE' | 'REPEATED';
    /** The field's own name, where it cannot be the column's. */
    readonly sourceName?: string | undefined;
  };
  readonly rows: number;
}

export interface RowChecker {
  check(rows: readonly Row[]): { readonly batch: ColumnBatch; readonly quarantined: readonly Quarantined[] };
  /** Fields met so far, also in bad rows, that the schema file does not name. */
  drift(): readonly Drift[];
  /** Rows met so far, good and bad. */
  readonly read: number;
}

/**
 * Checks rows against a schema file and turns them into columns. A row with a bad cell is quarantined whole, with its
 * first bad cell; fields without a column go to `_extra` and count as drift.
 *
 * @param options.origin fills `_origin`
 */
export function createRowChecker(
  columns: readonly Column[],
  { origin }: { readonly origin: string },
): RowChecker {
  const extras = createExtras(columns);
  const { fields, known } = fieldsOf(columns, extras);
  const straysOf = createStrayFinder(known);
  let read = 0;

  // Column by column, since one check on many values is faster than many checks on one row.
  const checkField = (
    { name, read: valueIn, coerce }: Field,
    rows: readonly Row[],
    bad: BadRows,
  ): unknown[] => {
    const values = new Array<unknown>(rows.length);
    for (let index = 0; index < rows.length; index += 1) {
      const row = rows[index];
      if (row === undefined || (bad.size > 0 && bad.has(index))) continue;
      extras.row = index;
      const made = coerce(valueIn(row));
      if (made instanceof Bad)
        bad.set(index, { path: `${name}${made.path}`, reason: made.reason, masked: mask(made.value) });
      else values[index] = made;
    }
    return values;
  };

  return {
    check(rows) {
      extras.begin();
      const bad: BadRows = new Map();
      for (const [index, row] of rows.entries()) {
        extras.row = index;
        if (!isRecord(row)) bad.set(index, { path: '', reason: 'is not a record', masked: mask(row) });
        else for (const field of straysOf(row)) extras.note(field, row[field]);
      }
      const values = fields.map((field) => checkField(field, rows, bad));
      values.push(
        rows.map(() => origin),
        rows.map((_, index) => extras.textOf(index)),
      );
      const first = read;
      read += rows.length;
      return {
        batch: {
          rows: rows.length - bad.size,
          values: bad.size === 0 ? values : values.map((list) => list.filter((_, index) => !bad.has(index))),
        },
        quarantined: [...bad]
          .sort(([a], [b]) => a - b)
          .map(([index, reason]) => ({ row: first + index, ...reason })),
      };
    },
    drift: () => extras.drift(),
    get read() {
      return read;
    },
  };
}

type BadRows = Map<number, Omit<Quarantined, 'row'>>;

/** Names that no column takes. Rows of one page mostly have the same names, and comparing with the last row is cheap. */
function createStrayFinder(known: ReadonlySet<string>): (row: Row) => readonly string[] {
  let names: readonly string[] = [];
  let strays: readonly string[] = [];
  return (row) => {
    let at = 0;
    let isSame = true;
    for (const name in row) {
      isSame = name === names[at];
      if (!isSame) break;
      at += 1;
    }
    if (isSame && at === names.length) return strays;
    names = Object.keys(row);
    strays = names.filter((name) => !known.has(name));
    return strays;
  };
}

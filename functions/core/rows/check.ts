import type { Row } from '../extract.ts';
import type { Column } from '../schema.ts';
import { Bad } from './bad.ts';
import type { Coerce } from './coerce.ts';
import { coerceOf } from './coerce.ts';
import { toJson } from './coerce-text.ts';
import type { DriftLog } from './drift.ts';
import { createDriftLog } from './drift.ts';
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
  readonly field: string;
  /** A column that would hold what was seen: the patch for the schema file. */
  readonly suggested: {
    readonly name: string;
    readonly type: string;
    readonly mode: 'NULLABLE' | 'REPEATED';
  };
  readonly rows: number;
}

export interface RowChecker {
  check(rows: readonly Row[]): { readonly batch: ColumnBatch; readonly quarantined: readonly Quarantined[] };
  /** Fields met so far that the schema file does not name. */
  drift(): readonly Drift[];
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
  const parts = columns.map((column) => ({
    name: column.name,
    from: column.sourceName ?? column.name,
    coerce: coerceOf(column),
  }));
  const known = new Set(parts.map((part) => part.from));
  const drift = createDriftLog();
  let seen = 0;

  return {
    check(rows) {
      const values: unknown[][] = Array.from({ length: parts.length + 2 }, () => []);
      const quarantined: Quarantined[] = [];
      const cells: unknown[] = new Array(parts.length);
      let kept = 0;
      for (const row of rows) {
        const bad = coerceRow(parts, row, cells);
        if (bad !== undefined) quarantined.push({ row: seen, ...bad });
        else {
          for (let index = 0; index < parts.length; index += 1) values[index]?.push(cells[index]);
          values[parts.length]?.push(origin);
          values[parts.length + 1]?.push(extraOf(row, known, drift));
          kept += 1;
        }
        seen += 1;
      }
      return { batch: { rows: kept, values }, quarantined };
    },
    drift: () => drift.fields(),
  };
}

interface Part {
  readonly name: string;
  readonly from: string;
  readonly coerce: Coerce;
}

function coerceRow(parts: readonly Part[], row: Row, cells: unknown[]): Omit<Quarantined, 'row'> | undefined {
  for (let index = 0; index < parts.length; index += 1) {
    const { name, from, coerce } = parts[index] as Part;
    const made = coerce(row[from]);
    if (made instanceof Bad)
      return { path: `${name}${made.path}`, reason: made.reason, masked: mask(made.value) };
    cells[index] = made;
  }
  return undefined;
}

function extraOf(row: Row, known: ReadonlySet<string>, drift: DriftLog): string | null {
  let extra: Record<string, unknown> | undefined;
  for (const field in row) {
    if (known.has(field) || row[field] === undefined) continue;
    extra ??= {};
    extra[field] = row[field];
    drift.note(field, row[field]);
  }
  return extra === undefined ? null : toJson(extra);
}

import { Buffer } from 'node:buffer';
import type { CellTaker } from '../../files/look/cell-taker.ts';
import { NotPlain } from '../../files/not-plain.ts';
import type { Column } from '../../schema.ts';
import type { WriteCell } from './byte-cells.ts';
import type { Changeset } from './changeset.ts';

/** Rows that are written from bytes: each of the stage's columns in order, system columns included. */
export interface StageRows {
  readonly row: Changeset;
  /** Behind the last cell of a row; hands the rows on from time to time. */
  endRow(): void;
  /** Hands on the rows that are left. */
  flush(): void;
}

/** Bytes that are inserted together: a transaction for each small chunk costs more than its rows. */
const enoughBytes = 4 * 2 ** 20;

/** @param take inserts the rows, or sends them to who does; empties the changeset */
export function stageRows(row: Changeset, take: (row: Changeset) => void): StageRows {
  const flush = () => {
    if (row.rows > 0) take(row);
  };
  return {
    row,
    flush,
    endRow() {
      if (row.bytes >= enoughBytes) flush();
    },
  };
}

export interface TakenColumn {
  readonly column: Column;
  readonly write: WriteCell;
  /** Where its cell stands in a record; -1 for nowhere. */
  readonly from: number;
}

/**
 * Writes the cells of records as rows whose columns stand in another order, perhaps.
 *
 * @param columns of the table, the first ones if `origin` is given
 * @param origin the value of `_origin`, behind which `_extra` is empty; undefined where the records have both
 * @throws NotPlain in its functions, for a required cell that is not there
 */
export function rowTaker(
  rows: StageRows,
  columns: readonly TakenColumn[],
  origin: string | undefined,
): CellTaker {
  const { row } = rows;
  const named = origin === undefined ? undefined : Buffer.from(origin);
  const endRow = () => {
    if (named !== undefined) {
      row.text(named, 0, named.length);
      row.nothing();
    }
    rows.endRow();
  };
  const isRequired = columns.map(({ column }) => column.mode === 'REQUIRED');
  const none = (column: number) => {
    if (isRequired[column] === true) throw new NotPlain();
    row.nothing();
  };
  const writers = columns.map(({ write }) => write);
  const cells = columns.map(({ from }) => from);

  if (cells.every((from, index) => from === index)) {
    return {
      cell(column, bytes, from, to) {
        if (column === 0) row.begin();
        writers[column]?.(row, bytes, from, to);
      },
      none(column) {
        if (column === 0) row.begin();
        none(column);
      },
      endRecord: endRow,
    };
  }

  const kept = keptCells();
  return {
    cell: (cell, bytes, from, to) => kept.add(cell, bytes, from, to),
    none: () => undefined,
    endRecord() {
      row.begin();
      for (const [column, cell] of cells.entries()) {
        const end = kept.ends[cell] ?? -1;
        if (end === -1) none(column);
        else writers[column]?.(row, kept.bytes, kept.starts[cell] ?? 0, end);
      }
      endRow();
      kept.clear();
    },
  };
}

/** Cells of one record, until it ends. */
function keptCells() {
  let bytes = Buffer.alloc(2 ** 16);
  let used = 0;
  const [starts, ends]: [number[], number[]] = [[], []];
  return {
    starts,
    ends,
    get bytes() {
      return bytes;
    },
    add(cell: number, source: Uint8Array, from: number, to: number) {
      const length = to - from;
      if (used + length > bytes.length) {
        const larger = Buffer.alloc(2 * (used + length));
        bytes.copy(larger, 0, 0, used);
        bytes = larger;
      }
      bytes.set(source.subarray(from, to), used);
      starts[cell] = used;
      used += length;
      ends[cell] = used;
    },
    clear() {
      used = 0;
      ends.fill(-1);
    },
  };
}

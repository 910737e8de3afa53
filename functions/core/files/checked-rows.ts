import type { DuckDBConnection } from '@duckdb/node-api';
import type { Quarantined } from '../rows/check.ts';
import { mask } from '../rows/mask.ts';
import type { Column } from '../schema.ts';
import { ident, literal } from './quote.ts';

/** Rows that broke the schema, in detail up to this many per file; beyond, they are only counted. */
export const detailedRows = 10_000;

/** One column of a row that is looked at cell by cell. */
export interface CheckedCell {
  readonly column: Column;
  /** SQL of the value; NULL for a cell that does not fit. */
  readonly value: string;
  /** What may be wrong with it, in the order to look. */
  readonly flaws: readonly Flaw[];
}

export interface Flaw {
  /** Column, with dots into records. */
  readonly path: string;
  /** SQL that is true for a row that has it. */
  readonly when: string;
  readonly reason: string;
  /** SQL of the offending text. */
  readonly shown: string;
}

export interface CheckedRows {
  readonly connection: DuckDBConnection;
  /** SQL of a relation, with the row's position in a column `catchment_row`. */
  readonly from: string;
  readonly cells: readonly CheckedCell[];
  /** SQL of `_extra`. */
  readonly extra: string;
  readonly origin: string;
  /** SQL of the table to fill. */
  readonly into: string;
  /** Rows of `from`. */
  readonly count: number;
}

/** Inserts the good rows, and returns the bad ones with the first flaw of each. */
export async function insertChecked(
  rows: CheckedRows,
): Promise<{ readonly loaded: number; readonly quarantined: readonly Quarantined[] }> {
  const { connection, from, cells, extra, origin, into, count } = rows;
  const flaws = cells.flatMap((cell) => cell.flaws);
  const isBad =
    flaws.length === 0 ? 'false' : flaws.map(({ when }) => `coalesce(${when}, false)`).join(' or ');
  const names = [...cells.map(({ column }) => column.name), '_origin', '_extra'].map(ident).join(', ');
  const values = cells.map(({ value }) => value).join(', ');
  const { rowsChanged } = await connection.run(
    `insert into ${into} (${names}) select ${values}${cells.length > 0 ? ', ' : ''}${literal(origin)}, ${extra} from ${from} where not (${isBad})`,
  );
  if (rowsChanged === count) return { loaded: rowsChanged, quarantined: [] };
  const first = flaws.map(({ when }, index) => `when ${when} then ${index}`).join(' ');
  const shown = flaws
    .map((flaw, index) => `when ${index} then left((${flaw.shown})::varchar, 1000)`)
    .join(' ');
  const bad = await connection.runAndReadAll(
    `select catchment_row::double, flaw, case flaw ${shown} end from (select *, case ${first} end as flaw from ${from}) where flaw is not null order by 1 limit ${detailedRows}`,
  );
  const quarantined = bad.getRows().map(([row, index, text]) => {
    const flaw = flaws[Number(index)];
    return {
      row: Number(row),
      path: flaw?.path ?? '',
      reason: flaw?.reason ?? 'breaks the schema',
      masked: mask(text),
    };
  });
  return { loaded: rowsChanged, quarantined };
}

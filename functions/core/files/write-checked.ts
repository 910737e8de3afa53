import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { TableTarget } from '../pipeline.ts';
import type { Column } from '../schema.ts';
import { canonicalSql, tsvSql } from './canonical-sql.ts';
import { ident, literal } from './quote.ts';
import { allColumns } from './types.ts';

/** How checked rows are handed on: canonical text as `bytes.ts` says, or Parquet packed with zstd. */
export type CheckedFormat = 'csv' | 'tsv' | 'parquet';

/** Writes rows, `_origin` and `_extra` at the end, as one file. `from` is SQL of a relation with those columns in order. */
export async function writeChecked(
  connection: DuckDBConnection,
  { target, from, to, folder }: { target: TableTarget; from: string; to: CheckedFormat; folder: string },
): Promise<{ readonly path: string; readonly rows: number }> {
  const path = join(folder, `checked.${to}`);
  const { rowsChanged } = await connection.run(
    `copy (select ${writers[to](allColumns(target.columns))} from ${from}) to ${literal(path)} (${options[to]})`,
  );
  return { path, rows: rowsChanged };
}

const writers: Readonly<Record<CheckedFormat, (columns: readonly Column[]) => string>> = {
  csv: (columns) =>
    columns
      .map((column) => `${canonicalSql(column, ident(column.name))} as ${ident(column.name)}`)
      .join(', '),
  tsv: (columns) =>
    columns
      .map((column) => `${tsvSql(column, canonicalSql(column, ident(column.name)))} as ${ident(column.name)}`)
      .join(', '),
  parquet: () => '*',
};

const options: Readonly<Record<CheckedFormat, string>> = {
  csv: `format csv, header false, delimiter ',', quote '"', escape '"', nullstr '\\N'`,
  // The texts hold no tab and no line end any more, and nothing is quoted.
  tsv: `format csv, header false, delimiter '\t', quote '', escape '', nullstr '\\N'`,
  parquet: 'format parquet, compression zstd',
};

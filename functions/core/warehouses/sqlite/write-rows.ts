import type { FileRef } from '../../extract.ts';
import { canonicalKind, cellKinds } from '../../files/look/cell-kind.ts';
import { createTsvLook } from '../../files/look/tsv-look.ts';
import { NotPlain } from '../../files/not-plain.ts';
import { plainCsv } from '../../files/plain-csv.ts';
import { readChunks } from '../../files/read-chunks.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Column } from '../../schema.ts';
import { canonicalCell, fileCell } from './byte-cells.ts';
import type { StageRows, TakenColumn } from './row-taker.ts';
import { rowTaker } from './row-taker.ts';
import { allColumns } from './types.ts';

/** Files on this machine whose rows are written from their bytes. */
export type RowSource =
  /** As somebody else wrote them. */
  | { readonly kind: 'csv'; readonly files: readonly FileRef[] }
  /** Checked rows as `tsv` (see `bytes.ts`), with their system columns. */
  | { readonly kind: 'checked'; readonly path: string };

export type RowTarget = Pick<TableTarget, 'columns' | 'key' | 'name'>;

/**
 * Writes the rows of files.
 *
 * @returns bytes that were read; undefined when only the checked reader can read a file
 * @throws NotPlain at the first cell for which that is so
 */
export async function writeRows(
  rows: StageRows,
  target: RowTarget,
  origin: string,
  source: RowSource,
): Promise<number | undefined> {
  const bytes = await (source.kind === 'csv'
    ? writeCsv(rows, target, origin, source.files)
    : writeChecked(rows, target, source.path));
  rows.flush();
  return bytes;
}

async function writeCsv(
  rows: StageRows,
  target: RowTarget,
  origin: string,
  files: readonly FileRef[],
): Promise<number | undefined> {
  const plain = await Promise.all(files.map((file) => plainCsv(target, file)));
  if (!plain.every((file) => file !== undefined)) return undefined;
  let bytes = 0;
  for (const file of plain) {
    const columns = target.columns.map((column): TakenColumn => {
      const write = fileCell(column);
      if (write === undefined) throw new NotPlain();
      return { column, write, from: file.columns.indexOf(column) };
    });
    for await (const chunk of file.chunks(rowTaker(rows, columns, origin))) bytes += chunk.length;
  }
  return bytes;
}

async function writeChecked(rows: StageRows, target: RowTarget, path: string): Promise<number> {
  const columns = allColumns(target.columns).map(takenAt);
  return writeTsv(rows, readChunks(path), { columns, width: columns.length, origin: undefined });
}

export interface TsvRows {
  readonly columns: readonly TakenColumn[];
  /** Cells of a record. */
  readonly width: number;
  /** Undefined when the records have the system columns. */
  readonly origin: string | undefined;
}

/**
 * @returns bytes that were read
 * @throws NotPlain at the first cell that its column cannot hold
 */
export async function writeTsv(
  rows: StageRows,
  chunks: AsyncIterable<Uint8Array>,
  { columns, width, origin }: TsvRows,
): Promise<number> {
  const kinds = Array.from({ length: width }, () => cellKinds.text as number);
  for (const { column, from } of columns) if (from !== -1) kinds[from] = canonicalKind(column);
  const cells = createTsvLook(kinds, rowTaker(rows, columns, origin));
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    cells.at(chunk);
  }
  cells.end();
  rows.flush();
  return bytes;
}

/** @param from where the cell stands in a record; -1 for nowhere */
export function takenAt(column: Column, from: number): TakenColumn {
  return { column, write: canonicalCell(column), from };
}

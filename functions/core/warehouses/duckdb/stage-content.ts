import type { FileRef } from '../../extract.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { LoadedFiles } from '../warehouse.ts';

/**
 * Good rows that one load brought to a stage.
 *
 * - `table`: they were inserted into the stage's own table.
 * - `select`: they are still in the files, which were checked whole. `sql` is one SELECT that gives the columns of the
 *   stage's table in order and in their exact types (see `stageColumns`), never fails on a cell, never gives NULL for a
 *   REQUIRED column, gives `rows` rows, and reads literal paths only. The commit inserts it straight into the final
 *   table, so the data is written once; or into the stage's table first, where rows must be compared by key.
 */
export type StageContent =
  | { readonly kind: 'table'; readonly rows: number }
  | { readonly kind: 'select'; readonly rows: number; readonly sql: string };

export interface FilesRequest {
  readonly target: TableTarget;
  /**
   * Quoted name of the stage's table, a temporary table of the same connection. It has the target's columns in order,
   * then `_origin` and `_extra`, without NOT NULL. It may hold rows of earlier loads already.
   */
  readonly stageTable: string;
  readonly origin: string;
  readonly files: readonly FileRef[];
  /**
   * True when a later row wins over an earlier one of the same key: then rows enter the stage's table in the order of
   * the files (its `rowid` is the sequence), and a `select` keeps that order too.
   */
  readonly keepOrder: boolean;
}

/** What `files/load.ts` gives back: the loader's report and where the good rows are. */
export interface FilesLoad extends LoadedFiles {
  readonly content: StageContent;
}

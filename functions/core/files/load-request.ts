import type { FileRef } from '../extract.ts';
import type { TableTarget } from '../pipeline.ts';
import type { LoadedFiles } from '../warehouses/warehouse.ts';
import type { Care } from './file-load.ts';

/** Turns what DuckDB says about a damaged file into an error of the kit; gives any other error back as it is. */
export type Explain = (error: unknown) => unknown;

/** What `loadFiles` is asked for. */
export interface LoadFilesRequest {
  readonly target: TableTarget;
  /** Quoted name of the TEMP table: the target's columns in order, then `_origin` and `_extra`, with the final types. */
  readonly stageTable: string;
  /** Fills `_origin`. */
  readonly origin: string;
  readonly files: readonly FileRef[];
  /** The stage is empty, so a SELECT may be given instead of rows. */
  readonly mayDefer: boolean;
  /** How each file is read. @default "either" */
  readonly careOf?: ((path: string) => Care) | undefined;
}

/** What `loadFiles` did: the rows are in the stage's table, or `select` gives them. */
export interface FilesInStage extends LoadedFiles {
  /** Rows put into the stage's table, or that `select` gives. */
  readonly staged: number;
  readonly select?: { readonly sql: string; readonly explain: Explain } | undefined;
}

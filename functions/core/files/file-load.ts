import type { DuckDBConnection } from '@duckdb/node-api';
import type { TableTarget } from '../pipeline.ts';
import type { Quarantined } from '../rows/check.ts';
import type { InspectedFile } from './inspect-file.ts';

/** What every reader of a file format is given. */
export interface FileLoad {
  readonly connection: DuckDBConnection;
  readonly target: TableTarget;
  readonly origin: string;
  /** SQL of a table with the target's columns, `_origin` and `_extra`. */
  readonly into: string;
  readonly file: InspectedFile;
  /** @default "either" */
  readonly care?: Care | undefined;
}

/**
 * - `either`: fast, and cell by cell when a row does not fit
 * - `fast`: a row that does not fit is a `Misfit`: inside a transaction, which the failed statement has ended
 * - `asked`: as `fast`, without what is done beside the load and may find too late that another way is needed
 * - `close`: cell by cell
 */
export type Care = 'either' | 'fast' | 'asked' | 'close';

/** A row of this file may break the schema; only a load with more care tells. */
export class Misfit extends Error {
  readonly path: string;
  readonly care: 'asked' | 'close';

  constructor(path: string, cause: unknown, care: Misfit['care'] = 'close') {
    super(`${path} needs a closer look`, { cause });
    this.name = 'Misfit';
    this.path = path;
    this.care = care;
  }
}

export interface LoadedFile {
  /** Records found, good and bad. */
  readonly read: number;
  /** Records inserted. */
  readonly loaded: number;
  readonly quarantined: readonly Quarantined[];
  /** Fields that went to `_extra`. */
  readonly unknown: readonly UnknownField[];
}

/** A field of a file that no schema column takes. */
export interface UnknownField {
  /** Its name in `_extra`, with dots into records. */
  readonly name: string;
  /** Names of the records it is in. */
  readonly parents: readonly string[];
  readonly field: string;
}

export function topField(name: string): UnknownField {
  return { name, parents: [], field: name };
}

let serial = 0;

/** A name that no other load of this process uses. */
export function scratchName(what: string): string {
  serial += 1;
  return `catchment_${what}_${serial}`;
}

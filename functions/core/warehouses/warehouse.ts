import type { ByteStream } from '../bytes.ts';
import type { DayWindow, WriteMode } from '../cursor.ts';
import type { FilePlace, FileRef } from '../extract.ts';
import type { CursorRecord, Lease, Ledger, SliceRecord } from '../ledger/ledger.ts';
import type { TableTarget, WarehouseConfig } from '../pipeline.ts';
import type { QueryOffer, QueryPlace } from '../query-offer.ts';
import type { ColumnBatch, Drift, Quarantined } from '../rows/check.ts';

/** Where tables live. Every kind passes the same conformance suite. */
export interface Warehouse {
  readonly kind: WarehouseConfig['kind'];
  /** True when no other process can have this warehouse open: then leases of other processes belong to the dead. */
  readonly exclusive: boolean;
  readonly ledger: Ledger;
  /** Where files may be that it loads by itself. */
  readonly accepts: readonly FilePlace[];
  /** Where it runs queries that a source offers. @default nowhere: it takes their pages */
  readonly queries?: QueryPlace | undefined;
  /**
   * Creates what is missing: datasets, tables, and NULLABLE columns that the schema file gained.
   *
   * @throws fatal `bad-schema` when a table that exists cannot hold the schema file's columns
   */
  prepare(targets: readonly TableTarget[]): Promise<void>;
  /** An empty staging area for one table of one slice. Readers never see it, and a crash leaves nothing of it. */
  openStage(target: TableTarget, origin: string, options?: StageOptions): Promise<Stage>;
  /** Data, slice record, quarantine and cursor in one transaction, or nothing. */
  commit(commit: Commit): Promise<readonly Outcome[]>;
  /** Bytes it has charged for since it was opened, as far as it told; undefined where it does not charge by bytes. */
  readonly billedBytes?: (() => number) | undefined;
  /** Reads for people: `catchment query`. */
  query(sql: string): Promise<QueryResult>;
  close(): Promise<void>;
}

export interface StageOptions {
  /** The stage takes changes: its batches have the columns of `changeColumns` after all others. @default false */
  readonly changes?: boolean;
}

/** Rows of one table that are read and checked, but not visible yet. */
export interface Stage {
  readonly target: TableTarget;
  append(batch: ColumnBatch): Promise<void>;
  /** Appended rows that this kind of warehouse cannot hold, such as NUL characters in PostgreSQL. @default none */
  readonly refused?: readonly Quarantined[] | undefined;
  /** Loads files by the warehouse's own reader. Rows that break the schema come back instead of loading. */
  load(files: readonly FileRef[]): Promise<LoadedFiles>;
  /**
   * Takes rows as bytes, in the best format that the streams have. The memory it needs does not grow with them. Rows that
   * break the schema come back instead of loading.
   *
   * @throws retryable `vendor` when a stream breaks off; nothing of it stays
   */
  pipe(streams: readonly ByteStream[]): Promise<LoadedFiles>;
  /**
   * Takes the rows of a query that the warehouse runs itself: `INSERT INTO stage (its columns) SELECT CAST(each column AS its
   * type), origin, NULL FROM (query)`. The query names all columns of the target, in any order.
   *
   * @returns rows taken
   * @throws fatal `bad-input` with the warehouse's words when the query fails
   */
  fill(query: string): Promise<number>;
  /**
   * Runs a query that a source offers and takes its rows. Rows that break the schema come back instead of loading.
   *
   * @returns undefined when it takes the pages instead: the query is of another place, or a column of it is of a type that
   *   only the row checks can turn into the schema's
   */
  readonly ask?: ((offer: QueryOffer) => Promise<LoadedFiles | undefined>) | undefined;
  /**
   * Takes a table of the warehouse apart whose one column `line` holds JSON records, as it would a file of JSON Lines. Lines
   * that break the schema come back instead of loading.
   *
   * @param table in the pipeline's dataset
   * @param path of the file that its lines came from, for errors
   */
  readonly takeLines?: ((table: string, path: string) => Promise<LoadedFiles>) | undefined;
  /** Rows that would be committed now. */
  readonly rows: number;
  discard(): Promise<void>;
}

/** What `load` and `pipe` did. */
export interface LoadedFiles {
  /** Records found, good and bad. */
  readonly read: number;
  /** Rows as the source counted them, if it did; the run fails the slice when it read another number. */
  readonly announced?: number | undefined;
  /** Bytes of the files as stored. */
  readonly bytes: number;
  readonly quarantined: readonly Quarantined[];
  readonly drift: readonly Drift[];
}

export interface StagedTable {
  readonly stage: Stage;
  /** `changes` applies a stage that was opened for changes, as `changeColumns` says. */
  readonly writeMode: WriteMode | 'changes';
  /** With `changes`: the table is emptied first, in the same transaction. */
  readonly truncate?: boolean | undefined;
}

/** Everything that becomes true at once when a slice is done. */
export interface Commit {
  /** Refused with `lease-lost` when its fence is no longer the newest. */
  readonly lease: Lease;
  readonly tables: readonly StagedTable[];
  /** What `replaceWindow` deletes: rows of this origin (and window, if there is one), and rows of staged keys. */
  readonly origin: string;
  readonly window?: DayWindow | undefined;
  readonly slice: SliceRecord;
  /** Undefined when the cursor must not move, because an earlier slice is missing or the run has a window of its own. */
  readonly cursor?: CursorRecord | undefined;
  readonly quarantined: readonly { readonly table: string; readonly row: Quarantined }[];
  readonly drift: readonly { readonly table: string; readonly field: Drift }[];
  readonly now: Date;
  /**
   * Of a log: true while changes keep coming and readers wait for them, so that what only tidies the storage is left to a
   * quieter moment. @default undefined: no log
   */
  readonly isUrgent?: boolean | undefined;
}

/** What a commit did to one table. Staged rows = inserted + updated + unchanged + duplicates. */
export interface Outcome {
  /** The name in the declaration. */
  readonly table: string;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Staged rows dropped because a later row of the same slice has the same key. */
  readonly duplicates: number;
  /** Rows that were in the table and are gone (`replace`, `replaceWindow`). */
  readonly deleted: number;
}

export interface QueryResult {
  readonly columns: readonly string[];
  /** JSON-ready values: integers beyond 2^53, decimals, dates and times as text. */
  readonly rows: readonly (readonly unknown[])[];
}

import type { z } from 'zod';
import type { ByteStream } from './bytes.ts';
import type { Change } from './change.ts';
import type { Cursor, DayWindow, WatermarkRange } from './cursor.ts';
import type { JdbcOf, ObjectReadOf } from './engine-read.ts';
import type { Http } from './http/http.ts';
import type { InspectOf } from './inspect.ts';
import type { QueryOffer, QueryPlace } from './query-offer.ts';
import type { Column } from './schema.ts';
import type { AnySource, OpenTables } from './source.ts';

/** A row as the vendor's shape was mapped to columns: missing and `undefined` are NULL. */
export type Row = Readonly<Record<string, unknown>>;

/** A file that the warehouse loads by itself. */
export interface FileRef {
  /** Absolute path on this machine, or a URL of a kind that `accepts` names, such as `gs://bucket/name`. */
  readonly path: string;
  readonly format: 'csv' | 'parquet' | 'json' | 'ndjson';
  /** @default by the name's ending: .gz, .zst, else none */
  readonly compression?: 'gzip' | 'zstd' | 'none';
  /** CSV only. @default "," (a tab for .tsv) */
  readonly delimiter?: string;
  /** CSV only. @default true */
  readonly header?: boolean;
  /** CSV only. @default "\"" */
  readonly quote?: string;
  /** CSV only: the text that stands for NULL, besides an empty unquoted cell. */
  readonly nullMarker?: string;
  /** CSV only. @default "utf-8" */
  readonly encoding?: 'utf-8' | 'utf-16' | 'latin-1';
  /** JSON only: the field of the top-level object that holds the list of records, dots for depth. @default the top level */
  readonly records?: string;
}

/** Where a file is that a warehouse reads by itself. */
export type FilePlace = 'local' | 'gs' | 's3' | 'azure';

/**
 * What `extract` yields: some rows, files the warehouse reads without our help, bytes it is piped, a query it runs where
 * the rows are, changes of a log, or a position in that log up to which everything has been yielded.
 *
 * A log's `extract` yields rows or bytes of a table that has no position yet, then that table's position; and changes of
 * all tables with positions of the stream in between, at least one a second even when nothing happens: at a position the
 * run commits, renews its lease, or stops.
 */
export type Batch<Table extends string = string> =
  | {
      readonly table: Table;
      readonly rows: readonly Row[];
      /**
       * Rows the vendor announces, named once per listing (on its first page). The totals of a slice are added up, and
       * the run fails the slice when it read another number of rows.
       */
      readonly total?: number;
    }
  | { readonly table: Table; readonly files: readonly FileRef[] }
  | { readonly table: Table; readonly bytes: readonly ByteStream[] }
  | { readonly table: Table; readonly query: QueryOffer }
  | {
      readonly table: Table;
      readonly changes: readonly Change[];
      /** Everything in the table is gone before these changes. */
      readonly truncate?: boolean;
    }
  | {
      /** `allTables` for the stream; a table of its own when a snapshot of it is whole, taken at this position. */
      readonly table: Table | typeof allTables;
      /** Where the next reading begins once all that came before is committed. */
      readonly position: string;
      /** The source's time at that position. */
      readonly at?: Date;
      readonly lag?: LogLag;
      /** True when everything that was in the log when reading began has been read. */
      readonly isCurrent?: boolean;
      /** True when nothing follows: it is committed before `extract` is asked for more, so that it can tell its source. */
      readonly isLast?: boolean;
    };

/** Stands for all tables of a log, whose stream has one position. */
export const allTables = '*';

/** How far a position is behind the end of the source's log, by the source's own clock. */
export interface LogLag {
  readonly bytes: number;
  readonly seconds: number;
}

/** One table of a log's stream. */
export interface LogTable<Options> {
  /** Declared name. */
  readonly table: string;
  /** Names of columns of the schema file. */
  readonly key: readonly string[];
  readonly columns: readonly Column[];
  readonly options: Options;
  /**
   * Where in the log its snapshot was taken, as `extract` said; undefined when it must be read whole first. Changes
   * before it are in the snapshot.
   */
  readonly position?: string | undefined;
}

interface LogFacts<Options> {
  /** The position that was committed last; undefined when there is none yet. */
  readonly position?: string | undefined;
  /** All tables of the stream. The slice's own `table` is `allTables`. */
  readonly tables: readonly LogTable<Options>[];
  /** A person ordered to begin anew: what the source keeps for us may be thrown away. */
  readonly isResnapshot: boolean;
}

interface SliceBase<Table extends string> {
  /** The table this slice is planned for. */
  readonly table: Table;
  /** The account or object it reads; `-` when the group is one account. */
  readonly origin: string;
}

type SliceFor<Table extends string, C extends Cursor, Options> = SliceBase<Table> &
  (C extends { kind: 'window' } ? { readonly window: DayWindow } : unknown) &
  (C extends { kind: 'objects' } ? { readonly object: ObjectRef } : unknown) &
  (C extends { kind: 'watermark' } ? RangeFacts : unknown) &
  (C extends { kind: 'log' } ? LogFacts<Options> : unknown) & {
    readonly options: Options;
  };

/** One file or object, as `discover` found it. */
export interface ObjectRef {
  /** Changes when the content does: an ETag, a generation, or size and time. */
  readonly generation: string;
  readonly bytes: number;
}

type OpenOf<S extends AnySource> = Exclude<S['openTables'], undefined>;

export type OptionsOf<S extends AnySource> =
  OpenOf<S> extends OpenTables<infer Options> ? z.output<Options> : never;

type TableNames<S extends AnySource> = [OpenOf<S>] extends [never]
  ? Extract<keyof S['tables'], string>
  : string;

/** The union of slices that a source can be handed; narrow it by `slice.table`. */
export type SliceOf<S extends AnySource> = [OpenOf<S>] extends [never]
  ? {
      [K in TableNames<S>]: SliceFor<K, S['tables'][K]['cursor'], undefined>;
    }[TableNames<S>]
  : SliceFor<string, OpenOf<S>['defaults']['cursor'], OptionsOf<S>> &
      (OpenOf<S> extends { readonly watermarks: true } ? Partial<RangeFacts> : unknown);

/** What a slice of a watermark reads. */
interface RangeFacts {
  readonly range: WatermarkRange;
  /** Column of the schema file that the range is about. */
  readonly field: string;
}

export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Everything an extractor gets. It never retries, sleeps, writes state or touches a warehouse. */
export interface ExtractContext<S extends AnySource> {
  readonly slice: SliceOf<S>;
  readonly settings: z.output<S['settings']>;
  readonly secret: z.output<S['secret']>;
  readonly http: Http;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** The table's columns, as its schema file has them. */
  readonly columns: readonly Column[];
  /** Where files may be that this run's warehouse reads itself; others are brought to `scratch` first. */
  readonly accepts: readonly FilePlace[];
  /** An empty folder for this slice, deleted after it. */
  readonly scratch: () => Promise<string>;
  /** The next slices of this run, in order: what is small may be fetched before its turn. */
  readonly ahead: readonly SliceOf<S>[];
  /** Of a log: the newest position that is committed with its data, so the source may forget what comes before. */
  readonly committed?: () => string | undefined;
}

export type ExtractOf<S extends AnySource> = (
  context: ExtractContext<S>,
) => AsyncGenerator<Batch<TableNames<S>>, void, undefined>;

/** One object that exists now, for a table with an `objects` cursor. */
export interface FoundObject extends ObjectRef {
  /** Stable name of the object: the same file has the same origin on every run. */
  readonly origin: string;
  /**
   * Set on an object of an earlier run that exists no more: its rows stay, or are removed by a slice of the generation
   * `gone`, for which `extract` yields nothing.
   */
  readonly gone?: 'keep' | 'remove';
}

/** Generation of an object that exists no more. */
export const goneGeneration = 'gone';

/** Lists the objects of one table; needed by sources that have an `objects` cursor. */
export type DiscoverOf<S extends AnySource> = (context: {
  readonly table: string;
  /** Origins whose rows the table holds. */
  readonly known: readonly string[];
  readonly options: OptionsOf<S>;
  readonly settings: z.output<S['settings']>;
  readonly secret: z.output<S['secret']>;
  readonly http: Http;
  readonly signal: AbortSignal;
}) => Promise<readonly FoundObject[]>;

/**
 * Says which values a watermark column has beyond `from`, cut into ranges that are read one after another; needed by
 * sources that have a `watermark` cursor. No value ever finds a row that has none, such as NULL: the first range of a first
 * run takes them, and where there are some otherwise, a last range without bounds tells of them.
 *
 * @returns no range when there is nothing new
 */
export type ProbeOf<S extends AnySource> = (context: {
  readonly table: string;
  readonly options: OptionsOf<S>;
  readonly settings: z.output<S['settings']>;
  readonly secret: z.output<S['secret']>;
  readonly http: Http;
  readonly signal: AbortSignal;
  readonly columns: readonly Column[];
  /** The column, and the value to begin at; undefined on the first run. */
  readonly field: string;
  readonly from?: string | undefined;
  /** True for tables that append: rows of the newest value wait until a newer one is there. */
  readonly isOpen: boolean;
  /** Where this run's warehouse runs queries that it is offered: what it takes whole need not be cut. */
  readonly queries?: QueryPlace | undefined;
}) => Promise<readonly WatermarkRange[]>;

/** What a source folder's `extract.ts` exports. */
export interface SourceCode<S extends AnySource = AnySource> {
  readonly extract: ExtractOf<S>;
  readonly discover?: DiscoverOf<S>;
  readonly probe?: ProbeOf<S>;
  readonly inspect?: InspectOf<S>;
  readonly jdbc?: JdbcOf<S>;
  readonly objectRead?: ObjectReadOf<S>;
}

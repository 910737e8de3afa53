import type { DayWindow, WriteMode } from '../cursor.ts';
import type { Log, LogLag, SourceCode } from '../extract.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Column } from '../schema.ts';
import type { AnySource } from '../source.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import type { OnRunEvent } from './event.ts';

/** The part of one execution that one of its tasks does. */
export interface TaskShare {
  /** The same for all tasks, and new for each execution. */
  readonly execution: string;
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** Where Dataflow jobs run, as the deployment made it. */
export interface DataflowPlace {
  readonly project: string;
  readonly region: string;
  /** Bucket for their temporary files; the drivers are in its folder `jdbc/`. */
  readonly bucket: string;
  /** Address of the account that the workers run as. */
  readonly serviceAccount: string;
  /** Subnetwork of the workers, as `regions/<region>/subnetworks/<name>`. @default the project's own */
  readonly subnetwork?: string | undefined;
  /** Name of the secret with the bare password, by group. */
  readonly passwords: Readonly<Record<string, string>>;
}

/** One run of one pipeline's group. */
export interface RunRequest {
  readonly pipeline: Pipeline;
  readonly group: string;
  readonly source: AnySource;
  readonly code: SourceCode;
  /** Columns by schema name, e.g. `files/flights`. */
  readonly schemas: Readonly<Record<string, readonly Column[]>>;
  readonly warehouse: Warehouse;
  /** The group's secret, as the secret manager gave it: an object. Checked against the source's shape. */
  readonly secret: unknown;
  /** Other secrets that no error may show: the warehouse's. */
  readonly hidden?: readonly unknown[] | undefined;
  readonly trigger: RunRecord['trigger'];
  /** Days that a person asked for: loads just these, on the backfill lane, without moving the cursor. */
  readonly window?: DayWindow | undefined;
  /** Only these tables, by declared name. @default all */
  readonly tables?: readonly string[] | undefined;
  /**
   * Forgets what tables of a log hold and reads them whole again: the named `tables`, else all of them and the place in
   * the log. @default false
   */
  readonly resnapshot?: boolean | undefined;
  /** Set on a task that shares the slices with others: slice i of their plan belongs to task i mod n. */
  readonly share?: TaskShare | undefined;
  /** Where the jobs of `engine: dataflow` run; needed by pipelines with that engine. */
  readonly dataflow?: DataflowPlace | undefined;
  /** Goes on only with a run that was deferred, and does nothing otherwise. @default false */
  readonly isResume?: boolean | undefined;
  /** Instead of the declaration's, for the tables that can. */
  readonly writeMode?: WriteMode | undefined;
  /** Replaces the source's base URL and may be on loopback: the twin's sandbox. */
  readonly baseUrl?: string | undefined;
  /** For tests: addresses on this machine that stand in for hosts, by host. @default none */
  readonly standIns?: Readonly<Record<string, string>> | undefined;
  readonly onEvent?: OnRunEvent | undefined;
  readonly signal?: AbortSignal | undefined;
  /** No slice starts after it; what is left is deferred. */
  readonly deadline?: Date | undefined;
  /** @default the wall clock */
  readonly now?: (() => Date) | undefined;
  /** How HTTP waits pass. @default timers */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  readonly log?: Log | undefined;
}

/** What one run did, per table and in all. */
export interface RunSummary {
  readonly run: RunRecord;
  /** Estimate of what queries of this run cost, in USD; undefined where nobody charges by bytes. */
  readonly costUsd?: number | undefined;
  readonly tables: readonly TableSummary[];
  /** Names of the slices that failed, with why. */
  readonly failures: readonly { readonly sliceId: string; readonly error: string }[];
  /** Of a log: how far the last committed position was behind the source. */
  readonly lag?: LogLag | undefined;
  /** Why tables needed nothing, in words. */
  readonly skipped: readonly string[];
  /** Schema drift with a ready-made patch per field. */
  readonly drift: readonly {
    readonly table: string;
    readonly schema: string;
    readonly field: string;
    readonly patch: string;
  }[];
}

export interface TableSummary {
  /** `dataset.name` in the warehouse. */
  readonly table: string;
  readonly slices: number;
  readonly rowsRead: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly quarantined: number;
}

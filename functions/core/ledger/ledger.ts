import type { DayWindow } from '../cursor.ts';

/** `incremental` follows the cursor; `backfill` loads windows that a person names, beside it, with a state of its own. */
export type Lane = 'incremental' | 'backfill';

/** The right to write for one (pipeline, group, lane), until it expires or somebody else takes it. */
export interface Lease {
  readonly pipeline: string;
  readonly group: string;
  readonly lane: Lane;
  /** Grows by one with each holder; a commit with an older number is refused. */
  readonly fence: number;
  /** Process and run: `<process id>/<run id>`. */
  readonly holder: string;
}

export interface LeaseRequest {
  readonly pipeline: string;
  readonly group: string;
  readonly lane: Lane;
  readonly holder: string;
  /** How long the lease holds without renewal. */
  readonly termMs: number;
  readonly now: Date;
  /** Holders that start with this are the caller's own process; others are dead if the warehouse is exclusive. */
  readonly process: string;
}

export type RunStatus = 'running' | 'succeeded' | 'partial' | 'failed' | 'deferred' | 'crashed';

export interface RunRecord {
  readonly runId: string;
  readonly pipeline: string;
  readonly group: string;
  readonly lane: Lane;
  readonly trigger: 'schedule' | 'http' | 'cli' | 'job' | 'test';
  readonly status: RunStatus;
  readonly startedAt: Date;
  readonly finishedAt?: Date | undefined;
  /** Set on `deferred`: before it, a new run ends at once. */
  readonly resumeAt?: Date | undefined;
  readonly slicesPlanned: number;
  readonly slicesDone: number;
  readonly slicesFailed: number;
  readonly rowsRead: number;
  /** Inserted and updated. */
  readonly rowsLoaded: number;
  readonly rowsUnchanged: number;
  readonly rowsQuarantined: number;
  readonly bytes: number;
  readonly apiCalls: number;
  readonly waitedMs: number;
  /** Bytes that warehouse and source charge for; undefined or 0 where they do not charge by bytes. */
  readonly bytesBilled?: number | undefined;
  /** Redacted. */
  readonly error?: string | undefined;
}

export interface SliceRecord {
  readonly pipeline: string;
  readonly group: string;
  readonly lane: Lane;
  /** Deterministic: the same work has the same id in every run. */
  readonly sliceId: string;
  /** Declared name of the table. */
  readonly table: string;
  readonly origin: string;
  readonly window?: DayWindow | undefined;
  /** Of an object. */
  readonly generation?: string | undefined;
  readonly status: 'committed' | 'failed';
  readonly runId: string;
  readonly rowsRead: number;
  readonly rowsLoaded: number;
  readonly rowsQuarantined: number;
  /** Rows the source says this slice holds; rowsRead must agree. */
  readonly sourceRows?: number | undefined;
  readonly error?: string | undefined;
  readonly at: Date;
}

/** How far one table of one origin has got. */
export interface CursorRecord {
  readonly pipeline: string;
  readonly group: string;
  readonly lane: Lane;
  readonly table: string;
  readonly origin: string;
  /** Window: the last day that is loaded, `YYYY-MM-DD`. Watermark: the newest value. Log: the next position. */
  readonly value: string;
  readonly at: Date;
}

/** What the planner knows when it cuts slices. */
export interface LaneState {
  readonly cursors: readonly CursorRecord[];
  /** The newest record of each slice id of both lanes; a failed one is still owed. */
  readonly slices: readonly SliceRecord[];
  /** The newest run of the lane that ended. */
  readonly lastRun?: RunRecord | undefined;
}

/** Committed slices of one table of a lane that were recorded before a moment. */
export interface ForgottenSlices {
  readonly pipeline: string;
  readonly group: string;
  readonly lane: Lane;
  readonly table: string;
  readonly before: Date;
}

/** The tables that record runs, slices and cursors, in the warehouse's schema `catchment`. */
export interface Ledger {
  /**
   * Takes the lease. The runs of a dead holder that still say `running` become `crashed`. The holder itself gets its
   * lease again, with the same fence: the tasks of one job share it.
   *
   * @throws retryable `already-running` while another holder's term lasts
   */
  acquire(request: LeaseRequest): Promise<Lease>;
  /** @throws retryable `lease-lost` when another holder has taken it */
  renew(lease: Lease, now: Date, termMs: number): Promise<void>;
  /** Gives the lease back; nothing happens when it is lost already. */
  release(lease: Lease): Promise<void>;
  saveRun(run: RunRecord): Promise<void>;
  /** Moves a cursor without data: a log position of an idle database, or what several tasks did together. Fenced. */
  saveCursor(lease: Lease, cursor: CursorRecord): Promise<void>;
  /** Records a slice that failed; it is owed to the next run. Fenced like a commit. */
  saveFailure(lease: Lease, slice: SliceRecord): Promise<void>;
  /**
   * Drops records of committed slices that nobody needs any more. It may be asked for by anybody at any time, so it is not
   * fenced; records of failures stay.
   */
  forgetSlices(of: ForgottenSlices): Promise<void>;
  state(of: { readonly pipeline: string; readonly group: string; readonly lane: Lane }): Promise<LaneState>;
  /** Newest first. */
  runs(filter: { readonly pipeline?: string; readonly limit: number }): Promise<readonly RunRecord[]>;
}

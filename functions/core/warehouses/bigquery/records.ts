import type { CursorRecord, Lease, RunRecord, SliceRecord } from '../../ledger/ledger.ts';
import { runColumns } from '../../ledger/records.ts';
import type { Bigquery } from './jobs.ts';
import { day, insertRow } from './ledger-tables.ts';
import type { Params } from './params.ts';
import { orNull } from './params.ts';

export interface Statement {
  readonly sql: string;
  readonly params: Params;
}

export function insertRun(bigquery: Bigquery, run: RunRecord): Statement {
  const row = {
    ...runColumns(run),
    started_at: run.startedAt,
    finished_at: orNull(run.finishedAt, 'TIMESTAMP'),
    resume_at: orNull(run.resumeAt, 'TIMESTAMP'),
    error: orNull(run.error, 'STRING'),
    version: run.status === 'running' ? 0 : 2,
  };
  return insertRow(bigquery, 'runs', row, 'run');
}

/** @param rowsLoaded SQL for the number; by default the record's own */
export function insertSlice(bigquery: Bigquery, slice: SliceRecord, rowsLoaded?: string): Statement {
  const row = {
    pipeline: slice.pipeline,
    group: slice.group,
    lane: slice.lane,
    slice_id: slice.sliceId,
    table: slice.table,
    origin: slice.origin,
    window_start: day(slice.window?.start),
    window_end: day(slice.window?.end),
    generation: orNull(slice.generation, 'STRING'),
    status: slice.status,
    run_id: slice.runId,
    rows_read: slice.rowsRead,
    rows_loaded: rowsLoaded === undefined ? slice.rowsLoaded : { sql: rowsLoaded },
    rows_quarantined: slice.rowsQuarantined,
    source_rows: orNull(slice.sourceRows, 'INT64'),
    error: orNull(slice.error, 'STRING'),
    recorded_at: slice.at,
  };
  return insertRow(bigquery, 'slices', row, 'slice');
}

export function insertCursor(bigquery: Bigquery, cursor: CursorRecord, lease: Lease): Statement {
  const { at, ...rest } = cursor;
  return insertRow(bigquery, 'cursors', { ...rest, fence: lease.fence, recorded_at: at }, 'cursor');
}

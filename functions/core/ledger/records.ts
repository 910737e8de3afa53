import type { CursorRecord, Lane, RunRecord, RunStatus, SliceRecord } from './ledger.ts';

/** Texts and numbers of a row by column name, as the reading functions below take them. */
export type TextRow = Readonly<Record<string, string | null>>;

/** What a run is and counted, as the columns that every warehouse writes alike; moments and texts are its own affair. */
export function runColumns(run: RunRecord) {
  return {
    run_id: run.runId,
    pipeline: run.pipeline,
    group: run.group,
    lane: run.lane,
    trigger: run.trigger,
    status: run.status,
    slices_planned: run.slicesPlanned,
    slices_done: run.slicesDone,
    slices_failed: run.slicesFailed,
    rows_read: run.rowsRead,
    rows_loaded: run.rowsLoaded,
    rows_unchanged: run.rowsUnchanged,
    rows_quarantined: run.rowsQuarantined,
    bytes: run.bytes,
    api_calls: run.apiCalls,
    waited_ms: run.waitedMs,
    bytes_billed: run.bytesBilled ?? 0,
  };
}

/** What a slice is and counted, as columns; its moment is each warehouse's own affair. */
export function sliceColumns(slice: SliceRecord) {
  return {
    pipeline: slice.pipeline,
    group: slice.group,
    lane: slice.lane,
    slice_id: slice.sliceId,
    table: slice.table,
    origin: slice.origin,
    window_start: slice.window?.start ?? null,
    window_end: slice.window?.end ?? null,
    generation: slice.generation ?? null,
    status: slice.status,
    run_id: slice.runId,
    rows_read: slice.rowsRead,
    rows_loaded: slice.rowsLoaded,
    rows_quarantined: slice.rowsQuarantined,
    source_rows: slice.sourceRows ?? null,
    error: slice.error ?? null,
  };
}

export function toRun(row: TextRow): RunRecord {
  return {
    runId: text(row.run_id),
    pipeline: text(row.pipeline),
    group: text(row.group),
    lane: text(row.lane) as Lane,
    trigger: text(row.trigger) as RunRecord['trigger'],
    status: text(row.status) as RunStatus,
    startedAt: new Date(text(row.started_at)),
    finishedAt: dateOf(row.finished_at),
    resumeAt: dateOf(row.resume_at),
    slicesPlanned: Number(row.slices_planned),
    slicesDone: Number(row.slices_done),
    slicesFailed: Number(row.slices_failed),
    rowsRead: Number(row.rows_read),
    rowsLoaded: Number(row.rows_loaded),
    rowsUnchanged: Number(row.rows_unchanged),
    rowsQuarantined: Number(row.rows_quarantined),
    bytes: Number(row.bytes),
    apiCalls: Number(row.api_calls),
    waitedMs: Number(row.waited_ms),
    // Runs of before this column have NULL.
    bytesBilled: Number(row.bytes_billed ?? 0) || undefined,
    error: row.error ?? undefined,
  };
}

export function toSlice(row: TextRow): SliceRecord {
  const hasWindow = row.window_start !== null && row.window_end !== null;
  return {
    pipeline: text(row.pipeline),
    group: text(row.group),
    lane: text(row.lane) as Lane,
    sliceId: text(row.slice_id),
    table: text(row.table),
    origin: text(row.origin),
    window: hasWindow ? { start: text(row.window_start), end: text(row.window_end) } : undefined,
    generation: row.generation ?? undefined,
    status: text(row.status) as SliceRecord['status'],
    runId: text(row.run_id),
    rowsRead: Number(row.rows_read),
    rowsLoaded: Number(row.rows_loaded),
    rowsQuarantined: Number(row.rows_quarantined),
    sourceRows: row.source_rows === null ? undefined : Number(row.source_rows),
    error: row.error ?? undefined,
    at: new Date(text(row.recorded_at)),
  };
}

export function toCursor(row: TextRow): CursorRecord {
  return {
    pipeline: text(row.pipeline),
    group: text(row.group),
    lane: text(row.lane) as Lane,
    table: text(row.table),
    origin: text(row.origin),
    value: text(row.value),
    at: new Date(text(row.recorded_at)),
  };
}

function text(value: string | null | undefined): string {
  return value ?? '';
}

function dateOf(value: string | null | undefined): Date | undefined {
  return value === null || value === undefined ? undefined : new Date(value);
}

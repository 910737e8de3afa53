import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import type { CursorRecord, Lane, Lease, RunRecord, RunStatus, SliceRecord } from '../../ledger/ledger.ts';
import { ident } from './files/quote.ts';

/** Moments travel as ISO text: parameters need no types of the binding then. */
export function moment(date: Date | undefined): string | null {
  return date === undefined ? null : date.toISOString();
}

/** Inserts one row; keys are column names. Text is cast to the column's type by DuckDB. */
export async function insertRow(
  connection: DuckDBConnection,
  table: string,
  row: Readonly<Record<string, string | number | null>>,
): Promise<void> {
  const names = Object.keys(row);
  const values: DuckDBValue[] = Object.values(row).map((value) =>
    typeof value === 'number' ? BigInt(value) : value,
  );
  const places = names.map((_, index) => `$${index + 1}`).join(', ');
  await connection.run(
    `INSERT INTO catchment.${table} (${names.map(ident).join(', ')}) VALUES (${places})`,
    values,
  );
}

export async function saveRunRow(connection: DuckDBConnection, run: RunRecord): Promise<void> {
  await connection.run('DELETE FROM catchment.runs WHERE run_id = $1', [run.runId]);
  await insertRow(connection, 'runs', {
    run_id: run.runId,
    pipeline: run.pipeline,
    group: run.group,
    lane: run.lane,
    trigger: run.trigger,
    status: run.status,
    started_at: moment(run.startedAt),
    finished_at: moment(run.finishedAt),
    resume_at: moment(run.resumeAt),
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
    error: run.error ?? null,
  });
}

/**
 * The newest word on a slice. A failure stands beside the record of an earlier commit, which says for ever that the
 * slice was appended; a commit settles both.
 */
export async function saveSliceRow(connection: DuckDBConnection, slice: SliceRecord): Promise<void> {
  await connection.run(
    `DELETE FROM catchment.slices WHERE pipeline = $1 AND "group" = $2 AND lane = $3 AND slice_id = $4
       AND (status = 'failed' OR $5 = 'committed')`,
    [slice.pipeline, slice.group, slice.lane, slice.sliceId, slice.status],
  );
  await insertRow(connection, 'slices', {
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
    recorded_at: moment(slice.at),
  });
}

export async function saveCursorRow(connection: DuckDBConnection, cursor: CursorRecord): Promise<void> {
  await connection.run(
    'DELETE FROM catchment.cursors WHERE pipeline = $1 AND "group" = $2 AND lane = $3 AND "table" = $4 AND origin = $5',
    [cursor.pipeline, cursor.group, cursor.lane, cursor.table, cursor.origin],
  );
  const { at, ...rest } = cursor;
  await insertRow(connection, 'cursors', { ...rest, recorded_at: moment(at) });
}

/** Columns of a lease as parameters, in the order pipeline, group, lane. */
export function leaseKey({ pipeline, group, lane }: Pick<Lease, 'pipeline' | 'group' | 'lane'>): string[] {
  return [pipeline, group, lane];
}

/** Texts and numbers of a row by column name, as the reading functions below take them. */
export type TextRow = Readonly<Record<string, string | null>>;

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

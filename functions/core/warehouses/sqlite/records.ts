import type { SQLInputValue } from 'node:sqlite';
import type { CursorRecord, Lease, RunRecord, SliceRecord } from '../../ledger/ledger.ts';
import { runColumns, sliceColumns } from '../../ledger/records.ts';
import type { Sql } from './database.ts';
import { list } from './names.ts';

export const ofLane = 'pipeline = ? AND "group" = ? AND lane = ?';

export function moment(date: Date | undefined): string | null {
  return date === undefined ? null : date.toISOString();
}

/** Inserts one row, or puts it in place of the row with the same primary key; keys are column names. */
export function putRow(
  sql: Sql,
  table: string,
  row: Readonly<Record<string, SQLInputValue | undefined>>,
): void {
  const names = Object.keys(row);
  sql.run(
    `INSERT OR REPLACE INTO catchment_${table} (${list(names)}) VALUES (${names.map(() => '?').join(', ')})`,
    ...Object.values(row).map((value) => value ?? null),
  );
}

export function saveRunRow(sql: Sql, run: RunRecord): void {
  putRow(sql, 'runs', {
    ...runColumns(run),
    started_at: moment(run.startedAt),
    finished_at: moment(run.finishedAt),
    resume_at: moment(run.resumeAt),
    error: run.error,
  });
}

/**
 * The newest word on a slice. A failure stands beside the record of an earlier commit, which says for ever that the
 * slice was appended; a commit settles both.
 */
export function saveSliceRow(sql: Sql, slice: SliceRecord): void {
  sql.run(
    `DELETE FROM catchment_slices WHERE ${ofLane} AND slice_id = ? AND (status = 'failed' OR ? = 'committed')`,
    ...leaseKey(slice),
    slice.sliceId,
    slice.status,
  );
  putRow(sql, 'slices', {
    ...sliceColumns(slice),
    recorded_at: moment(slice.at),
  });
}

export function saveCursorRow(sql: Sql, { at, ...cursor }: CursorRecord): void {
  putRow(sql, 'cursors', { ...cursor, recorded_at: moment(at) });
}

export function leaseKey({ pipeline, group, lane }: Pick<Lease, 'pipeline' | 'group' | 'lane'>): string[] {
  return [pipeline, group, lane];
}

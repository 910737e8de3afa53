import type { Commit, Outcome } from '../warehouse.ts';
import type { Sql } from './database.ts';
import { checkFence } from './ledger.ts';
import { moment, putRow, saveCursorRow, saveSliceRow } from './records.ts';
import { applyStage } from './write-modes.ts';

/** Does all of a commit. Must run inside a transaction: data, slice, quarantine and cursor become true together. */
export function commitSlice(sql: Sql, commit: Commit): readonly Outcome[] {
  checkFence(sql, commit.lease);
  const isDone = isAppended(sql, commit);
  const outcomes = commit.tables.map((staged) =>
    isDone && staged.writeMode === 'append'
      ? untouched(staged.stage.target.declared, staged.stage.rows)
      : applyStage(sql, staged, commit),
  );
  if (commit.cursor !== undefined) saveCursorRow(sql, commit.cursor);
  // A slice that was appended before keeps its record, which says what it loaded.
  if (isDone && commit.tables.every(({ writeMode }) => writeMode === 'append')) return outcomes;
  const loaded = outcomes.reduce((rows, { inserted, updated }) => rows + inserted + updated, 0);
  saveSliceRow(sql, { ...commit.slice, rowsLoaded: loaded });
  saveQuarantine(sql, commit);
  saveDrift(sql, commit);
  return outcomes;
}

/** An appended slice is appended once, whichever lane did it. */
function isAppended(sql: Sql, { slice }: Commit): boolean {
  return (
    sql.count(
      `SELECT count(*) FROM catchment_slices
       WHERE pipeline = ? AND "group" = ? AND slice_id = ? AND status = 'committed'`,
      slice.pipeline,
      slice.group,
      slice.sliceId,
    ) > 0
  );
}

function untouched(table: string, rows: number): Outcome {
  return { table, inserted: 0, updated: 0, unchanged: rows, duplicates: 0, deleted: 0 };
}

/** What a slice put into quarantine before is replaced, so that reading it again does not double it. */
function saveQuarantine(sql: Sql, { slice, quarantined, now }: Commit): void {
  const { pipeline, group, sliceId, runId } = slice;
  sql.run(
    'DELETE FROM catchment_quarantine WHERE pipeline = ? AND "group" = ? AND slice_id = ?',
    pipeline,
    group,
    sliceId,
  );
  for (const { table, row } of quarantined)
    putRow(sql, 'quarantine', {
      pipeline,
      group,
      slice_id: sliceId,
      run_id: runId,
      table,
      row_index: row.row,
      path: row.path,
      reason: row.reason,
      masked: row.masked,
      recorded_at: moment(now),
    });
}

function saveDrift(sql: Sql, { slice, drift, now }: Commit): void {
  for (const { table, field } of drift) {
    const [[first] = []] = sql.rows(
      'SELECT first_seen FROM catchment_drift WHERE pipeline = ? AND "table" = ? AND field = ?',
      slice.pipeline,
      table,
      field.field,
    );
    putRow(sql, 'drift', {
      pipeline: slice.pipeline,
      table,
      field: field.field,
      suggested: JSON.stringify(field.suggested),
      rows: field.rows,
      first_seen: first ?? moment(now),
      last_seen: moment(now),
    });
  }
}

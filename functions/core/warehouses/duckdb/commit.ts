import type { DuckDBConnection } from '@duckdb/node-api';
import type { Commit, Outcome } from '../warehouse.ts';
import { checkpointSettings } from './checkpoint-settings.ts';
import { rowsOf } from './database.ts';
import { checkFence } from './ledger.ts';
import { insertRow, moment, saveCursorRow, saveSliceRow } from './records.ts';
import { applyStage } from './write-modes.ts';

/** Does all of a commit. Must run inside a transaction: data, slice, quarantine and cursor become true together. */
export async function commitSlice(connection: DuckDBConnection, commit: Commit): Promise<readonly Outcome[]> {
  await checkFence(connection, commit.lease);
  await connection.run(checkpointSettings(commit));
  const outcomes: Outcome[] = [];
  const isDone = await isAppended(connection, commit);
  for (const staged of commit.tables) {
    if (isDone && staged.writeMode === 'append')
      outcomes.push(untouched(staged.stage.target.declared, staged.stage.rows));
    else outcomes.push(await applyStage(connection, staged, commit));
  }
  if (commit.cursor !== undefined) await saveCursorRow(connection, commit.cursor);
  // A slice that was appended before keeps its record, which says what it loaded.
  if (isDone && commit.tables.every(({ writeMode }) => writeMode === 'append')) return outcomes;
  const loaded = outcomes.reduce((rows, { inserted, updated }) => rows + inserted + updated, 0);
  await saveSliceRow(connection, { ...commit.slice, rowsLoaded: loaded });
  await saveQuarantine(connection, commit);
  await saveDrift(connection, commit);
  return outcomes;
}

/** An appended slice is appended once, whichever lane did it. */
async function isAppended(connection: DuckDBConnection, { slice }: Commit): Promise<boolean> {
  const rows = await rowsOf(
    connection,
    `SELECT 1 FROM catchment.slices WHERE pipeline = $1 AND "group" = $2 AND slice_id = $3 AND status = 'committed'`,
    [slice.pipeline, slice.group, slice.sliceId],
  );
  return rows.length > 0;
}

function untouched(table: string, rows: number): Outcome {
  return { table, inserted: 0, updated: 0, unchanged: rows, duplicates: 0, deleted: 0 };
}

/** What a slice put into quarantine before is replaced, so that reading it again does not double it. */
async function saveQuarantine(
  connection: DuckDBConnection,
  { slice, quarantined, now }: Commit,
): Promise<void> {
  await connection.run(
    'DELETE FROM catchment.quarantine WHERE pipeline = $1 AND "group" = $2 AND slice_id = $3',
    [slice.pipeline, slice.group, slice.sliceId],
  );
  if (quarantined.length === 0) return;
  // One statement for all of them, however many.
  const rows = quarantined.map(({ table, row: { row = null, path, reason, masked } }) => ({
    table,
    row,
    path,
    reason,
    masked,
  }));
  await connection.run(
    `INSERT INTO catchment.quarantine BY NAME
     SELECT $1 AS pipeline, $2 AS "group", $3 AS slice_id, $4 AS run_id, $5::TIMESTAMPTZ AS recorded_at,
       bad."table", bad.row AS row_index, bad.path, bad.reason, bad.masked
     FROM (SELECT unnest(from_json($6,
       '[{"table":"VARCHAR","row":"BIGINT","path":"VARCHAR","reason":"VARCHAR","masked":"VARCHAR"}]')) AS bad)`,
    [slice.pipeline, slice.group, slice.sliceId, slice.runId, moment(now), JSON.stringify(rows)],
  );
}

async function saveDrift(connection: DuckDBConnection, { slice, drift, now }: Commit): Promise<void> {
  for (const { table, field } of drift) {
    const key = [slice.pipeline, table, field.field];
    const [[first] = []] = await rowsOf(
      connection,
      'SELECT first_seen::VARCHAR FROM catchment.drift WHERE pipeline = $1 AND "table" = $2 AND field = $3',
      key,
    );
    await connection.run(
      'DELETE FROM catchment.drift WHERE pipeline = $1 AND "table" = $2 AND field = $3',
      key,
    );
    await insertRow(connection, 'drift', {
      pipeline: slice.pipeline,
      table,
      field: field.field,
      suggested: JSON.stringify(field.suggested),
      rows: field.rows,
      first_seen: typeof first === 'string' ? first : moment(now),
      last_seen: moment(now),
    });
  }
}

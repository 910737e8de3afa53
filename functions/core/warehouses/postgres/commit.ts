import type { Commit, Outcome } from '../warehouse.ts';
import type { Database, Sql } from './database.ts';
import { checkFence } from './ledger.ts';
import { moment, putRow, saveCursorRow, saveSliceRow, storable } from './records.ts';
import type { PostgresStage } from './stage.ts';
import { applyStage } from './write-modes.ts';

/** Commits a slice: in the transaction of its direct stage if it has one, else in one of its own. */
export async function commit(database: Database, request: Commit): Promise<readonly Outcome[]> {
  const stages = request.tables.map(({ stage }) => stage as PostgresStage);
  const direct = stages.find((stage) => stage.direct !== undefined)?.direct;
  for (const stage of stages) if (stage.direct === undefined) await stage.table();
  if (direct === undefined) return database.transaction((sql) => commitSlice(sql, request));
  const { sql } = direct;
  try {
    await sql.run('SAVEPOINT commit_slice');
    const isDone = direct.kind === 'final' && (await isAppended(sql, request));
    if (!isDone) {
      const outcomes = await commitSlice(sql, request);
      await direct.end('COMMIT');
      return outcomes;
    }
  } catch (error) {
    // What is staged survives, so the same commit may be tried again.
    await sql.run('ROLLBACK TO SAVEPOINT commit_slice').catch(() => undefined);
    throw database.explain(error);
  }
  // The rows are in the table already, by a commit before this one.
  await direct.end('ROLLBACK');
  return database.transaction((other) => commitSlice(other, request));
}

/** Does all of a commit. Must run inside a transaction: data, slice, quarantine and cursor become true together. */
async function commitSlice(sql: Sql, commit: Commit): Promise<readonly Outcome[]> {
  await checkFence(sql, commit.lease);
  const outcomes: Outcome[] = [];
  const isDone = await isAppended(sql, commit);
  for (const staged of commit.tables) {
    if (isDone && staged.writeMode === 'append')
      outcomes.push(untouched(staged.stage.target.declared, staged.stage.rows));
    else outcomes.push(await applyStage(sql, staged, commit));
  }
  if (commit.cursor !== undefined) await saveCursorRow(sql, commit.cursor);
  // A slice that was appended before keeps its record, which says what it loaded.
  if (isDone && commit.tables.every(({ writeMode }) => writeMode === 'append')) return outcomes;
  const loaded = outcomes.reduce((rows, { inserted, updated }) => rows + inserted + updated, 0);
  await saveSliceRow(sql, { ...commit.slice, rowsLoaded: loaded });
  await saveQuarantine(sql, commit);
  await saveDrift(sql, commit);
  return outcomes;
}

/** An appended slice is appended once, whichever lane did it. */
async function isAppended(sql: Sql, { slice }: Commit): Promise<boolean> {
  const rows = await sql.rows(
    `SELECT 1 FROM catchment.slices WHERE pipeline = $1 AND "group" = $2 AND slice_id = $3 AND status = 'committed'`,
    [slice.pipeline, slice.group, slice.sliceId],
  );
  return rows.length > 0;
}

function untouched(table: string, rows: number): Outcome {
  return { table, inserted: 0, updated: 0, unchanged: rows, duplicates: 0, deleted: 0 };
}

/** What a slice put into quarantine before is replaced, so that reading it again does not double it. */
async function saveQuarantine(sql: Sql, { slice, quarantined, now }: Commit): Promise<void> {
  const owner = [slice.pipeline, slice.group, slice.sliceId];
  await sql.run(
    'DELETE FROM catchment.quarantine WHERE pipeline = $1 AND "group" = $2 AND slice_id = $3',
    owner,
  );
  if (quarantined.length === 0) return;
  const rows = quarantined.map(({ table, row: { row = null, path, reason, masked } }) => ({
    table,
    row,
    path: storable(path),
    reason: storable(reason),
    masked: storable(masked),
  }));
  // One statement for all of them, however many.
  await sql.run(
    `INSERT INTO catchment.quarantine (pipeline, "group", slice_id, run_id, recorded_at, "table", row_index, path, reason, masked)
     SELECT $1, $2, $3, $4, $5, bad."table", bad.row, bad.path, bad.reason, bad.masked
     FROM json_to_recordset($6::json) AS bad("table" text, row bigint, path text, reason text, masked text)`,
    [...owner, slice.runId, moment(now), JSON.stringify(rows)],
  );
}

async function saveDrift(sql: Sql, { slice, drift, now }: Commit): Promise<void> {
  for (const { table, field } of drift) {
    const [known] = await sql.rows(
      'SELECT first_seen FROM catchment.drift WHERE pipeline = $1 AND "table" = $2 AND field = $3',
      [slice.pipeline, table, storable(field.field)],
    );
    const row = {
      pipeline: slice.pipeline,
      table,
      field: storable(field.field),
      suggested: JSON.stringify(field.suggested).replaceAll('\\u0000', '\u2400'),
      rows: field.rows,
      first_seen: known?.first_seen ?? moment(now),
      last_seen: moment(now),
    };
    await putRow(sql, 'drift', row, ['pipeline', 'table', 'field']);
  }
}

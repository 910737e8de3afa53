import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { ident } from '../../files/quote.ts';
import type { CursorRecord, Lease, RunRecord, SliceRecord } from '../../ledger/ledger.ts';
import { runColumns, sliceColumns } from '../../ledger/records.ts';

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
    ...runColumns(run),
    started_at: moment(run.startedAt),
    finished_at: moment(run.finishedAt),
    resume_at: moment(run.resumeAt),
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
    ...sliceColumns(slice),
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

import { ident } from '../../files/quote.ts';
import type { CursorRecord, Lease, RunRecord, SliceRecord } from '../../ledger/ledger.ts';
import { runColumns, sliceColumns } from '../../ledger/records.ts';
import type { Sql } from './database.ts';

export const ofLane = 'pipeline = $1 AND "group" = $2 AND lane = $3';

/** Moments travel as ISO text, which says its zone. */
export function moment(date: Date | undefined): string | null {
  return date === undefined ? null : date.toISOString();
}

/** Inserts one row; keys are column names. With `key`, a row that has the same key is replaced. */
export async function putRow(
  sql: Sql,
  table: string,
  row: Readonly<Record<string, unknown>>,
  key: readonly string[] = [],
): Promise<void> {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  const changes = names.map((name) => `${ident(name)} = EXCLUDED.${ident(name)}`);
  const conflict =
    key.length === 0 ? '' : ` ON CONFLICT (${key.map(ident).join(', ')}) DO UPDATE SET ${changes.join(', ')}`;
  await sql.run(
    `INSERT INTO catchment.${table} (${names.map(ident).join(', ')}) VALUES (${places.join(', ')})${conflict}`,
    Object.values(row).map((value) => value ?? null),
  );
}

export async function saveRunRow(sql: Sql, run: RunRecord): Promise<void> {
  const row = {
    ...runColumns(run),
    started_at: moment(run.startedAt),
    finished_at: moment(run.finishedAt),
    resume_at: moment(run.resumeAt),
    error: storable(run.error),
  };
  await putRow(sql, 'runs', row, ['run_id']);
}

/**
 * The newest word on a slice. A failure stands beside the record of an earlier commit, which says for ever that the
 * slice was appended; a commit settles both.
 */
export async function saveSliceRow(sql: Sql, slice: SliceRecord): Promise<void> {
  await sql.run(
    `DELETE FROM catchment.slices WHERE ${ofLane} AND slice_id = $4 AND (status = 'failed' OR $5 = 'committed')`,
    [...leaseKey(slice), slice.sliceId, slice.status],
  );
  await putRow(sql, 'slices', {
    ...sliceColumns(slice),
    error: storable(slice.error),
    recorded_at: moment(slice.at),
  });
}

export async function saveCursorRow(sql: Sql, { at, ...cursor }: CursorRecord): Promise<void> {
  const key = ['pipeline', 'group', 'lane', 'table', 'origin'];
  await putRow(sql, 'cursors', { ...cursor, recorded_at: moment(at) }, key);
}

export function leaseKey({ pipeline, group, lane }: Pick<Lease, 'pipeline' | 'group' | 'lane'>): string[] {
  return [pipeline, group, lane];
}

/** A text as PostgreSQL can keep it: an error message may quote a NUL character. */
export function storable(text: string | undefined): string | undefined {
  return text?.replaceAll('\u0000', '\u2400');
}

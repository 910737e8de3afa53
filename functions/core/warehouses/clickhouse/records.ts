import type { CursorRecord, Lease, RunRecord, SliceRecord } from '../../ledger/ledger.ts';
import { runColumns, sliceColumns } from '../../ledger/records.ts';
import type { Clickhouse } from './client.ts';

export async function saveRunRow(clickhouse: Clickhouse, run: RunRecord): Promise<void> {
  await clickhouse.insertRows('runs', [
    {
      ...runColumns(run),
      started_at: run.startedAt,
      finished_at: run.finishedAt ?? null,
      resume_at: run.resumeAt ?? null,
      error: run.error ?? null,
      version: run.status === 'running' ? 0 : 2,
    },
  ]);
}

export async function saveSliceRow(
  clickhouse: Clickhouse,
  slice: SliceRecord,
  token?: string,
): Promise<void> {
  await clickhouse.insertRows(
    'slices',
    [
      {
        ...sliceColumns(slice),
        recorded_at: slice.at,
      },
    ],
    token,
  );
}

/** The cursor of a newer fence counts, whenever an older one is written. */
export async function saveCursorRow(
  clickhouse: Clickhouse,
  lease: Pick<Lease, 'fence'>,
  { at, ...cursor }: CursorRecord,
  token?: string,
): Promise<void> {
  await clickhouse.insertRows('cursors', [{ ...cursor, fence: lease.fence, recorded_at: at }], token);
}

/** Parameters `p`, `g` and `l` of a lane. */
export function laneParams({ pipeline, group, lane }: Pick<Lease, 'pipeline' | 'group' | 'lane'>) {
  return { p: pipeline, g: group, l: lane };
}

export const ofLane = 'pipeline = {p:String} AND `group` = {g:String} AND lane = {l:String}';

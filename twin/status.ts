import type { LaneState, RunRecord } from '../functions/core/ledger/ledger.ts';
import { type PipelineTable, tablesOf } from '../functions/core/pipeline.ts';
import { addDays, daysIn, today } from '../functions/core/run/days.ts';
import type { Warehouse } from '../functions/core/warehouses/warehouse.ts';
import type { Target } from './select.ts';

/** What the ledger says about one group. */
export interface GroupStatus {
  readonly pipeline: string;
  readonly group: string;
  /** The newest run of either lane; undefined when it never ran. */
  readonly lastRun: RunRecord | undefined;
  readonly tables: readonly TableStatus[];
}

export interface TableStatus {
  /** `dataset.name` in the warehouse. */
  readonly table: string;
  /** Last day that every account has; undefined for tables that are not read by days, or not loaded. */
  readonly through: string | undefined;
  /** Days between `through` and the newest day the vendor has; undefined like `through`. */
  readonly daysBehind: number | undefined;
  /** When a slice was last committed. */
  readonly loadedAt: Date | undefined;
  /** Slices that failed and are taken first by the next run. */
  readonly owed: number;
  /** Rows that broke the schema, in the slices as they stand. */
  readonly quarantined: number;
}

/** Newest runs looked through for one of the group. */
const runsBack = 500;

export async function readStatus(
  warehouse: Warehouse,
  { pipeline, group }: Target,
  now: Date,
): Promise<GroupStatus> {
  const state = await warehouse.ledger.state({
    pipeline: pipeline.name,
    group: group.name,
    lane: 'incremental',
  });
  const runs = await warehouse.ledger.runs({ pipeline: pipeline.name, limit: runsBack });
  const day = today(now, group.timeZone);
  return {
    pipeline: pipeline.name,
    group: group.name,
    lastRun: alive(
      warehouse,
      runs.find((run) => run.group === group.name),
    ),
    tables: tablesOf(pipeline).map((table) =>
      tableStatus(`${pipeline.dataset}.${table.name}`, table, state, day),
    ),
  };
}

/** Nobody else has an exclusive warehouse open, so a run that still says `running` died. */
function alive({ exclusive }: Warehouse, run: RunRecord | undefined): RunRecord | undefined {
  return exclusive && run?.status === 'running' ? { ...run, status: 'crashed' } : run;
}

function tableStatus(
  table: string,
  { declared, cursor }: PipelineTable,
  state: LaneState,
  day: string,
): TableStatus {
  const cursors = state.cursors.filter((record) => record.table === declared).map(({ value }) => value);
  const slices = state.slices.filter((slice) => slice.table === declared);
  const committed = slices.filter(({ status }) => status === 'committed').map(({ at }) => at.getTime());
  const through = cursor.kind === 'window' ? cursors.sort()[0] : undefined;
  const newest = cursor.kind === 'window' ? addDays(day, -cursor.lag) : day;
  return {
    table,
    through,
    daysBehind: through === undefined ? undefined : Math.max(0, daysIn({ start: through, end: newest }) - 1),
    loadedAt: committed.length === 0 ? undefined : new Date(Math.max(...committed)),
    owed: slices.filter(({ status }) => status === 'failed').length,
    quarantined: slices.reduce((sum, { rowsQuarantined }) => sum + rowsQuarantined, 0),
  };
}

import type { CursorRecord, Lane, LaneState, RunRecord, SliceRecord } from '../ledger/ledger.ts';
import type { Host } from './host.ts';

/** What the ledger knows about a pipeline. */
export interface StatusReport {
  readonly pipeline: string;
  readonly source: string;
  readonly warehouse: string;
  readonly groups: readonly GroupReport[];
}

export interface GroupReport {
  readonly group: string;
  /** Newest first, of both lanes. */
  readonly lastRuns: readonly RunRecord[];
  /** How far each table of each account has got. */
  readonly cursors: readonly Pick<CursorRecord, 'lane' | 'table' | 'origin' | 'value' | 'at'>[];
  /** Slices that failed; the next run takes them first. */
  readonly owed: readonly Pick<SliceRecord, 'lane' | 'sliceId' | 'error' | 'at'>[];
}

const lanes: readonly Lane[] = ['incremental', 'backfill'];

/** Runs shown for each group. */
const runsShown = 5;

/** Reads the state of all groups of a pipeline. */
export function readStatus({ pipeline, withWarehouse }: Host): Promise<StatusReport> {
  return withWarehouse(async ({ kind, ledger }) => {
    const limit = 20 * runsShown * pipeline.groups.length;
    const runs = await ledger.runs({ pipeline: pipeline.name, limit });
    const groups: GroupReport[] = [];
    for (const { name: group } of pipeline.groups) {
      const cursors: CursorRecord[] = [];
      const owed = new Map<string, SliceRecord>();
      for (const lane of lanes) {
        const state = await ledger.state({ pipeline: pipeline.name, group, lane });
        cursors.push(...state.cursors);
        for (const slice of owedSlices(state, lane)) owed.set(`${lane}/${slice.sliceId}`, slice);
      }
      groups.push({
        group,
        lastRuns: runs.filter((run) => run.group === group).slice(0, runsShown),
        cursors: cursors.map(({ lane, table, origin, value, at }) => ({ lane, table, origin, value, at })),
        owed: [...owed.values()].map(({ lane, sliceId, error, at }) => ({ lane, sliceId, error, at })),
      });
    }
    return { pipeline: pipeline.name, source: pipeline.source, warehouse: kind, groups };
  });
}

/**
 * Slices of a lane that failed and were not made good since. Days are owed under their own ids. Any other work is cut anew
 * by each run, so its old id may never come back: a later run that committed the same object or table, or that ended
 * well, did it.
 */
export function owedSlices({ slices, lastRun }: LaneState, lane: Lane): readonly SliceRecord[] {
  const own = slices.filter((slice) => slice.lane === lane);
  return own.filter((failed) => {
    if (failed.status !== 'failed') return false;
    if (failed.window !== undefined) return true;
    if (lastRun?.status === 'succeeded' && lastRun.startedAt > failed.at) return false;
    return !own.some(
      ({ status, table, origin, runId, at }) =>
        status === 'committed' &&
        table === failed.table &&
        (failed.generation === undefined || origin === failed.origin) &&
        runId !== failed.runId &&
        at > failed.at,
    );
  });
}

import type { LaneState } from '../../ledger/ledger.ts';
import type { ActiveRun } from '../../run/active-run.ts';
import type { SlicePlan } from '../../run/plan-slices.ts';

/** Runs of the pipeline that are looked through: three minutes apart, a day and a half of them. */
const runsBack = 700;

/**
 * What is left of a round. A round begins with a run that launches jobs and ends when none is on its way; the runs between
 * only ask. What an earlier run of the round has committed is not read again by a later one.
 */
export async function leftOfRound(run: ActiveRun, state: LaneState, plan: SlicePlan): Promise<SlicePlan> {
  if (state.lastRun?.status !== 'deferred') return plan;
  const { request, lease } = run;
  const runs = await request.warehouse.ledger.runs({ pipeline: lease.pipeline, limit: runsBack });
  const round = new Set<string>();
  for (const { runId, group, lane, status } of runs) {
    if (group !== lease.group || lane !== lease.lane || status === 'running') continue;
    if (status !== 'deferred' && status !== 'crashed') break;
    round.add(runId);
  }
  const done = new Set(
    state.slices
      .filter(({ status, runId, lane }) => status === 'committed' && lane === lease.lane && round.has(runId))
      .map(({ sliceId }) => sliceId),
  );
  return { ...plan, slices: plan.slices.filter(({ id }) => !done.has(id)) };
}

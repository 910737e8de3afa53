import type { CatchmentError } from '../errors.ts';
import type { Http } from '../http/http.ts';
import type { LaneState, RunStatus } from '../ledger/ledger.ts';
import { type ActiveRun, redacted } from './active-run.ts';
import { endTasks } from './end-tasks.ts';
import type { SlicePlan } from './plan-slices.ts';
import type { RunSummary, TaskShare } from './request.ts';
import { runSlices } from './run-slices.ts';
import { sharePlan } from './share-plan.ts';
import type { Slice } from './slice.ts';
import type { Tally } from './tally.ts';
import { ownSlices, restingMover, shareOf } from './task-slices.ts';

export interface TaskWork {
  readonly state: LaneState;
  readonly http: Http;
  readonly tally: Tally;
  /** Plans for all tasks. */
  readonly plan: () => Promise<SlicePlan>;
  /** Writes how the task ended, over the record that says it is running. */
  readonly finish: (end: TaskEnd, own: SlicePlan) => Promise<RunSummary>;
}

interface TaskEnd {
  readonly status: RunStatus;
  readonly error?: CatchmentError | undefined;
}

/**
 * Does one task's part of an execution: its slices of the plan that all tasks share, and, as the last one, what comes after
 * all slices. A task that died and is started again goes on where it was.
 */
export async function runTask(run: ActiveRun, share: TaskShare, work: TaskWork): Promise<RunSummary> {
  let slices: readonly Slice[] = [];
  let own: SlicePlan = { slices: [], skipped: [] };
  let end: TaskEnd;
  let thrown: unknown;
  try {
    const planned = await sharePlan(run, share, work.plan);
    slices = planned.slices;
    own = {
      slices: ownSlices(slices, share, work.state.slices),
      skipped: planned.skipped,
      // Told once: a table that could not be asked is one failure, however many tasks there are.
      failed: share.index === 0 ? planned.failed : [],
    };
    await run.emit({ type: 'slices-planned', ...own });
    const ended = await runSlices(run, { ...work, planned: own, mover: restingMover });
    // A task that is tried again has nothing left to do where it succeeded, and is no worse for it than it was.
    end =
      ended.status === 'failed' && own.slices.length < shareOf(slices, share).length
        ? { ...ended, status: 'partial' }
        : ended;
  } catch (error) {
    const reason = redacted(run, error);
    if (reason.code === 'lease-lost') throw reason;
    thrown = error;
    end = { status: reason.code === 'deferred' ? 'deferred' : 'failed', error: reason };
  }
  let summary = await work.finish(end, own);
  await endTasks(run, share, slices, async () => {
    const isWhole = await transform(run, work.tally);
    if (!isWhole && end.status === 'succeeded') summary = await work.finish({ status: 'partial' }, own);
  });
  if (thrown !== undefined) throw thrown;
  return summary;
}

async function transform(run: ActiveRun, tally: Tally): Promise<boolean> {
  if (run.setup.transforms.length === 0) return true;
  const { runTransforms } = await import('./run-transforms.ts');
  return runTransforms(run, tally);
}

import { isCatchmentError } from '../errors.ts';
import type { ActiveRun } from './active-run.ts';
import type { TaskShare } from './request.ts';
import { takePlanning } from './share-plan.ts';
import type { Slice } from './slice.ts';
import { cursorsAfter, isOfExecution } from './task-slices.ts';

/** Runs looked through for the tasks of one execution; other groups of the pipeline may run beside it. */
const runsPerTask = 20;

/**
 * Ends an execution when this task is the last one that works: moves the cursors over what all of them committed, does what
 * comes after the load, and gives the lease back. A task that is retried later does it again, further on.
 *
 * @param slices the whole plan
 * @param after what comes once, after all slices; such as tables that are computed from the loaded ones
 * @returns false when other tasks are still at work
 */
export async function endTasks(
  run: ActiveRun,
  share: TaskShare,
  slices: readonly Slice[],
  after: () => Promise<void>,
): Promise<boolean> {
  const { request, setup, lease } = run;
  const { ledger } = request.warehouse;
  if (!(await haveAllEnded(run, share))) return false;
  const guard = await takePlanning(run, share);
  // Another task is ending the execution.
  if (guard === undefined) return false;
  try {
    const state = await ledger.state(lease);
    const now = setup.now();
    for (const cursor of cursorsAfter(slices, share, { ...lease, state, slices }, state, now))
      await ledger.saveCursor(lease, cursor);
    await after();
    await ledger.release(lease);
    return true;
  } catch (error) {
    // Two tasks ended at the same moment, and the other one has ended the execution already.
    if (isCatchmentError(error) && error.code === 'lease-lost') return false;
    throw error;
  } finally {
    await ledger.release(guard).catch(() => undefined);
  }
}

async function haveAllEnded({ request, lease }: ActiveRun, share: TaskShare): Promise<boolean> {
  const limit = runsPerTask * share.count;
  const runs = await request.warehouse.ledger.runs({ pipeline: lease.pipeline, limit });
  const ended = runs.filter(
    (each) =>
      isOfExecution(each, share) &&
      each.group === lease.group &&
      each.lane === lease.lane &&
      each.status !== 'running',
  );
  return ended.length >= share.count;
}

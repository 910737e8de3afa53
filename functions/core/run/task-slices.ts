import type { CursorRecord, LaneState, SliceRecord } from '../ledger/ledger.ts';
import { type CursorMover, createCursorMover } from './move-cursor.ts';
import type { TaskShare } from './request.ts';
import type { Slice } from './slice.ts';

/** Holder of the lease that all tasks of an execution share. */
export function holderOf({ execution }: TaskShare): string {
  return `${execution}/tasks`;
}

/** The same for a task and for its retry: what the retry does replaces what the first attempt counted. */
export function taskRunId({ execution, index }: TaskShare): string {
  return `${execution}/${index}`;
}

/** True for runs of this execution. */
export function isOfExecution({ runId }: { readonly runId: string }, { execution }: TaskShare): boolean {
  return runId.startsWith(`${execution}/`);
}

/** Slice i of the plan belongs to task i mod n. */
export function shareOf(slices: readonly Slice[], { index: own, count }: TaskShare): readonly Slice[] {
  return slices.filter((_, index) => index % count === own);
}

/** The task's share, less what an earlier attempt of it has committed. */
export function ownSlices(
  slices: readonly Slice[],
  share: TaskShare,
  recorded: readonly SliceRecord[],
): readonly Slice[] {
  const done = committedIn(recorded, share);
  return shareOf(slices, share).filter(({ id }) => !done.has(id));
}

/** Several tasks commit in any order, so no commit moves a cursor; the last task does. */
export const restingMover: CursorMover = { after: () => undefined, committed: () => {} };

/**
 * The cursors that are true once all tasks have ended: none passes a slice that is missing.
 *
 * @param state of the ledger after the last task's last commit
 */
export function cursorsAfter(
  slices: readonly Slice[],
  share: TaskShare,
  lane: Parameters<typeof createCursorMover>[0],
  state: LaneState,
  now: Date,
): readonly CursorRecord[] {
  const done = committedIn(state.slices, share);
  const mover = createCursorMover({ ...lane, state, slices });
  const cursors = new Map<string, CursorRecord>();
  const held = new Set<string>();
  for (const slice of slices) {
    const place = `${slice.table}\n${slice.origin}`;
    if (!done.has(slice.id)) {
      // A cursor that passed a missing range would leave its rows out for ever. Days are followed by the mover itself.
      if (slice.range !== undefined) held.add(place);
      continue;
    }
    if (held.has(place)) continue;
    const cursor = mover.after(slice, now);
    mover.committed(slice);
    if (cursor !== undefined) cursors.set(place, cursor);
  }
  return [...cursors.values()];
}

function committedIn(recorded: readonly SliceRecord[], share: TaskShare): ReadonlySet<string> {
  const own = recorded.filter((record) => record.status === 'committed' && isOfExecution(record, share));
  return new Set(own.map(({ sliceId }) => sliceId));
}

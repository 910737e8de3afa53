import { allTables } from '../extract.ts';
import type { SliceRecord } from '../ledger/ledger.ts';
import type { ActiveRun } from './active-run.ts';
import { redacted } from './active-run.ts';

/** Records of a log's commits stay for people to look at, for so long at least. */
const keptMs = 60 * 60_000;

/** So many gather before old ones are dropped, which costs some warehouses more than a commit. */
const many = 1_000;

/**
 * Each commit of a log leaves a record, many thousands in an hour, and the ledger is read whole when a run begins. What
 * tells where the log stands is the cursor; of the records only the newest is read again, by transforms that are due.
 *
 * @param slices what the ledger had when the run began
 * @returns to be called after each commit of the stream. It never fails: a later one makes up for it
 */
export function createForgetter(run: ActiveRun, slices: readonly SliceRecord[]): () => Promise<void> {
  const { request, setup, lease } = run;
  const { pipeline, group, lane } = lease;
  let count = slices.filter((slice) => slice.table === allTables && slice.lane === lane).length;
  return async () => {
    count += 1;
    if (count < many) return;
    count = 0;
    const before = new Date(setup.now().getTime() - keptMs);
    try {
      await request.warehouse.ledger.forgetSlices({ pipeline, group, lane, table: allTables, before });
    } catch (error) {
      request.log?.warn(
        { error: redacted(run, error).message },
        'old records of commits could not be dropped',
      );
    }
  };
}

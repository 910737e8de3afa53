import { systemSleep } from '../clock.ts';
import type { CatchmentError } from '../errors.ts';
import { retryable } from '../errors.ts';
import type { ExtractContext } from '../extract.ts';
import { allTables } from '../extract.ts';
import type { Http } from '../http/http.ts';
import type { LaneState, RunStatus } from '../ledger/ledger.ts';
import type { AnySource } from '../source.ts';
import type { ActiveRun } from './active-run.ts';
import { cancelled, redacted } from './active-run.ts';
import type { LogWork } from './commit-log.ts';
import { createForgetter } from './forget-commits.ts';
import { checkHeldTables } from './held-tables.ts';
import { keepLease } from './keep-lease.ts';
import { isPassing, openLog } from './log-stream.ts';
import { createPendingBatch } from './pending-batch.ts';
import { createScratch } from './scratch.ts';
import type { Tally } from './tally.ts';

/** Times in a row that reading is taken up again after the source was away, before the run fails. */
const retries = 5;

type Ended = { status: RunStatus; error?: CatchmentError };

/**
 * Follows a log: all its tables share one stream. Changes are folded to one per key, and committed for all tables
 * together with the position they reach; so a run that dies begins again where the data ends.
 */
export async function runLog(
  run: ActiveRun,
  { state, http, tally }: { readonly state: LaneState; readonly http: Http; readonly tally: Tally },
): Promise<Ended> {
  const targets = run.setup.targets.filter(({ cursor }) => cursor.kind === 'log');
  const { request, setup } = run;
  const log = await openLog(run, state, targets);
  const work: LogWork = { run, log, tally, forget: createForgetter(run, state.slices) };
  const lease = keepLease(run);
  const sleep = request.sleep ?? systemSleep;
  const signal = request.signal ?? new AbortController().signal;
  try {
    await checkHeldTables(request.warehouse, log, setup.where);
    for (let failures = 0; ; ) {
      const before = tally.slicesDone;
      try {
        return await followLog(work, http, lease.check);
      } catch (thrown) {
        if (tally.slicesDone > before) failures = 0;
        failures += 1;
        if (!isPassing(thrown) || failures > retries || signal.aborted) throw thrown;
        const error = redacted(run, thrown);
        request.log?.warn({ attempt: failures, error: error.message }, 'the log is taken up again');
        await sleep(1000 * 2 ** (failures - 1), signal);
      }
    }
  } catch (thrown) {
    const error = signal.aborted ? cancelled(setup) : redacted(run, thrown);
    if (error.code === 'lease-lost') throw error;
    const done = tally.slicesDone > 0 ? 'partial' : 'failed';
    if (error.code === 'cancelled') return { status: done, error };
    const id = `log/${log.position ?? 'begin'}`;
    tally.addFailure({ id }, error.message);
    await run.emit({ type: 'slice-failed', slice: { ...log.slice(), id }, error: error.message });
    return { status: done, error };
  } finally {
    lease.stop();
  }
}

async function followLog(work: LogWork, http: Http, checkLease: () => void): Promise<Ended> {
  const { run, log } = work;
  const { request, setup, emit } = run;
  const slice = log.slice();
  const scratch = createScratch();
  const signal = request.signal ?? new AbortController().signal;
  const context: ExtractContext<AnySource> = {
    slice: slice as ExtractContext<AnySource>['slice'],
    settings: setup.settings,
    secret: setup.secret,
    http,
    signal,
    log: request.log ?? silent,
    columns: [],
    accepts: request.warehouse.accepts,
    scratch: scratch.folder,
    ahead: [],
    committed: () => log.position,
  };
  const pending = createPendingBatch(work);
  let isCurrent = false;
  await emit({ type: 'slice-started', slice });
  try {
    for await (const batch of request.code.extract(context)) {
      checkLease();
      await pending.take(batch);
      if (!('position' in batch) || batch.table !== allTables) continue;
      if (batch.isCurrent === true) isCurrent = true;
      const stop = stopOf(run, isCurrent);
      await pending.reach(batch, stop !== undefined);
      if (stop !== undefined) return stop;
    }
    await pending.settle();
    return { status: 'succeeded' };
  } finally {
    await pending.end();
    await scratch.remove();
  }
}

/** A log that stays is ended by its deadline or a signal; one that has not caught up by then goes on in the next run. */
function stopOf({ request, setup }: ActiveRun, isCurrent: boolean): Ended | undefined {
  const isLate = request.deadline !== undefined && setup.now() >= request.deadline;
  if (!isLate && request.signal?.aborted !== true) return undefined;
  if (isCurrent) return { status: 'succeeded' };
  if (!isLate) return { status: 'partial', error: cancelled(setup) };
  return {
    status: 'deferred',
    error: retryable('deferred', {
      where: setup.where,
      what: 'the time of this call is used up before the log was read to its end',
      resumeAt: setup.now(),
    }),
  };
}

const silent = { debug: () => {}, info: () => {}, warn: () => {} };

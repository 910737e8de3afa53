import { systemSleep } from '../clock.ts';
import type { CatchmentError } from '../errors.ts';
import { fatal, retryable } from '../errors.ts';
import type { Batch, ExtractContext } from '../extract.ts';
import { allTables } from '../extract.ts';
import type { Http } from '../http/http.ts';
import type { LaneState, RunStatus } from '../ledger/ledger.ts';
import type { AnySource } from '../source.ts';
import type { ActiveRun } from './active-run.ts';
import { cancelled, redacted } from './active-run.ts';
import type { LogWork } from './commit-log.ts';
import { commitChanges, commitPosition, commitSnapshot } from './commit-log.ts';
import type { Fold } from './fold-changes.ts';
import { createFold } from './fold-changes.ts';
import { keepLease } from './keep-lease.ts';
import { isPassing, openLog } from './log-stream.ts';
import type { TableReader } from './read-slice.ts';
import { checkComplete, openReader } from './read-slice.ts';
import { createScratch } from './scratch.ts';
import type { Tally } from './tally.ts';

/** A batch is committed at the first position at which it has so many changes, or is so old. */
const batchLimits = { changes: 10_000, ms: 2_000 };

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
  const work: LogWork = { run, log, tally };
  const lease = keepLease(run);
  const sleep = request.sleep ?? systemSleep;
  const signal = request.signal ?? new AbortController().signal;
  try {
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
  const pending = createPending(work);
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
    return { status: 'succeeded' };
  } finally {
    await pending.discard();
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

type PositionBatch = Extract<Batch, { position: string }>;

/** What was read and is not committed yet. */
function createPending(work: LogWork) {
  const { run, log, tally } = work;
  const { request, setup, emit } = run;
  const readers = new Map<string, TableReader>();
  let folds = new Map<string, Fold>();
  let changes = 0;
  let since = 0;
  let savedAt = 0;

  const targetOf = (table: string) => {
    const target = log.targets.find(({ declared }) => declared === table);
    if (target !== undefined) return target;
    const allowed = log.targets.map(({ declared }) => declared);
    throw fatal('internal', {
      where: setup.where,
      what: 'extract yielded a table that is not part of this log',
      got: table,
      allowed,
    });
  };

  return {
    async take(batch: Batch): Promise<void> {
      if ('position' in batch) {
        const reader = readers.get(batch.table);
        if (batch.table === allTables || reader === undefined) return;
        const read = reader.result();
        checkComplete({ where: setup.where, slice: { ...log.slice(), id: `${batch.table}/snapshot` } }, read);
        await commitSnapshot(work, read, batch.position);
        readers.delete(batch.table);
      } else if ('changes' in batch) {
        let fold = folds.get(batch.table);
        if (fold === undefined) {
          const target = targetOf(batch.table);
          fold = createFold(target.columns, target.key);
          folds.set(batch.table, fold);
        }
        if (changes === 0) since = setup.now().getTime();
        changes += batch.changes.length + (batch.truncate === true ? 1 : 0);
        if (batch.truncate === true) fold.truncate();
        for (const change of batch.changes) fold.add(change);
      } else {
        const slice = { id: `${batch.table}/snapshot`, table: batch.table, origin: '-' };
        let reader = readers.get(batch.table);
        if (reader === undefined) {
          const { warehouse } = request;
          reader = await openReader({ slice, warehouse, onEvent: emit }, targetOf(batch.table));
          readers.set(batch.table, reader);
        }
        const rows = await reader.take(batch);
        await emit({ type: 'rows-staged', slice, table: batch.table, rows });
      }
    },
    /** Commits at this position if there is enough, or if it must be now. */
    async reach({ position, lag, isLast }: PositionBatch, isNow: boolean): Promise<void> {
      const age = setup.now().getTime() - since;
      const isDue = changes >= batchLimits.changes || age >= batchLimits.ms || isLast === true || isNow;
      if (changes > 0 && !isDue) return;
      if (changes > 0) {
        const count = changes;
        await commitChanges(work, folds, position);
        folds = new Map();
        changes = 0;
        request.log?.info({ position, changes: count, lag }, 'changes are committed');
        savedAt = setup.now().getTime();
      } else if (position !== log.position) {
        const isFresh = log.position !== undefined && setup.now().getTime() - savedAt < batchLimits.ms;
        if (isFresh && isLast !== true && !isNow) return;
        await commitPosition(work, position);
        savedAt = setup.now().getTime();
      }
      if (lag !== undefined) tally.noteLag(lag);
    },
    async discard(): Promise<void> {
      for (const reader of readers.values()) await reader.result().stage.discard();
    },
  };
}

const silent = { debug: () => {}, info: () => {}, warn: () => {} };

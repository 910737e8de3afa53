import { CatchmentError, retryable } from '../errors.ts';
import type { ExtractContext } from '../extract.ts';
import type { Http } from '../http/http.ts';
import type { LaneState, RunStatus } from '../ledger/ledger.ts';
import type { AnySource } from '../source.ts';
import type { ActiveRun } from './active-run.ts';
import { cancelled, leaseTermMs, redacted } from './active-run.ts';
import { keepLease } from './keep-lease.ts';
import type { CursorMover } from './move-cursor.ts';
import { createCursorMover } from './move-cursor.ts';
import type { SlicePlan } from './plan-slices.ts';
import type { SliceRead } from './read-slice.ts';
import { readSlice } from './read-slice.ts';
import type { Scratch } from './scratch.ts';
import { createScratch } from './scratch.ts';
import type { Slice } from './slice.ts';
import type { Tally } from './tally.ts';

/** Slices that fail one after another before the rest is left to the next run. */
const failuresInARow = 3;

/** Slices that a source is told of before their turn. */
const slicesAhead = 8;

/** Errors that the next slice would meet as well. */
const endsTheRun = new Set([
  'auth',
  'cancelled',
  'host-not-allowed',
  'disk-full',
  'warehouse',
  'warehouse-locked',
]);

export interface Work {
  readonly state: LaneState;
  readonly planned: SlicePlan;
  readonly http: Http;
  readonly tally: Tally;
  /** @default moves the cursor with each commit */
  readonly mover?: CursorMover | undefined;
}

/** Reads and commits the slices one after another, and says how the run ends. */
export async function runSlices(
  run: ActiveRun,
  work: Work,
): Promise<{ status: RunStatus; error?: CatchmentError }> {
  const { setup, request, lease } = run;
  const { slices } = work.planned;
  const mover = work.mover ?? createCursorMover({ ...lease, state: work.state, slices });
  let inARow = 0;
  let waiting: CatchmentError | undefined;
  /**
   * Tables whose later slices wait: a cursor that passed a failed range would leave its rows out for ever, and a schema file
   * that one slice breaks is broken by the next.
   */
  const held = new Set<string>();
  for (const { slice, error } of work.planned.failed ?? []) await failSlice(run, work.tally, slice, error);
  for (const [index, slice] of slices.entries()) {
    if (held.has(slice.table)) continue;
    if (request.signal?.aborted) return endOf(work, cancelled(setup));
    if (request.deadline !== undefined && setup.now() >= request.deadline) {
      const left = slices.length - index;
      return endOf(
        work,
        retryable('deferred', {
          where: setup.where,
          what: `the time of this call is used up, ${left} slices are left`,
          resumeAt: setup.now(),
        }),
      );
    }
    try {
      await runSlice(run, work, mover, slice, slices.slice(index + 1, index + 1 + slicesAhead));
      inARow = 0;
    } catch (thrown) {
      const error = withResumeAt(redacted(run, thrown), setup.now());
      if (error.code === 'lease-lost') throw error;
      if (error.code === 'deferred' && error.facts.isOfSlice === true) {
        if (waiting === undefined || Number(error.resumeAt) < Number(waiting.resumeAt)) waiting = error;
        if (slice.range !== undefined) held.add(slice.table);
        continue;
      }
      if (error.code === 'deferred' || error.code === 'cancelled') return endOf(work, error);
      await failSlice(run, work.tally, slice, error.message);
      if (slice.range !== undefined || error.code === 'bad-schema') held.add(slice.table);
      inARow += 1;
      if (endsTheRun.has(error.code) || inARow === failuresInARow) return endOf(work, error);
    }
  }
  return endOf(work, waiting);
}

/** A source has no clock, so it may say how long to wait, and not until when. */
function withResumeAt(error: CatchmentError, now: Date): CatchmentError {
  const { resumeAfterSeconds: seconds } = error.facts;
  if (seconds === undefined) return error;
  return new CatchmentError({ ...error.facts, resumeAt: new Date(now.getTime() + seconds * 1000) });
}

function endOf({ tally }: Work, error?: CatchmentError): { status: RunStatus; error?: CatchmentError } {
  if (error?.code === 'deferred') return { status: 'deferred', error };
  if (error === undefined && tally.failures.length === 0) return { status: 'succeeded' };
  const status = tally.slicesDone > 0 ? 'partial' : 'failed';
  return error === undefined ? { status } : { status, error };
}

async function runSlice(
  run: ActiveRun,
  work: Work,
  mover: CursorMover,
  slice: Slice,
  ahead: readonly Slice[],
): Promise<void> {
  const scratch = createScratch();
  try {
    await readAndCommit(run, work, mover, { slice, ahead, scratch });
  } finally {
    await scratch.remove();
  }
}

async function readAndCommit(
  run: ActiveRun,
  work: Work,
  mover: CursorMover,
  {
    slice,
    ahead,
    scratch,
  }: { readonly slice: Slice; readonly ahead: readonly Slice[]; readonly scratch: Scratch },
): Promise<void> {
  const { request, setup, lease, emit } = run;
  await emit({ type: 'slice-started', slice });
  let renewed = setup.now().getTime();
  const signal = request.signal ?? new AbortController().signal;
  // One batch may be a whole table. When the lease is lost all the same, the commit is refused.
  const keeper = keepLease(run);
  const reading =
    request.pipeline.engine === 'dataflow'
      ? readByEngine(run, work, slice)
      : readSlice({
          where: setup.where,
          slice,
          targets: setup.targets,
          code: request.code,
          context: {
            settings: setup.settings,
            secret: setup.secret,
            http: work.http,
            signal,
            log: request.log ?? silent,
            ahead: ahead as ExtractContext<AnySource>['ahead'],
          },
          warehouse: request.warehouse,
          scratch,
          onEvent: emit,
          onBatch: async () => {
            if (signal.aborted) throw cancelled(setup);
            if (setup.now().getTime() - renewed < leaseTermMs / 3) return;
            renewed = setup.now().getTime();
            await request.warehouse.ledger.renew(lease, setup.now(), leaseTermMs);
          },
        });
  const read = await reading.finally(() => keeper.stop());
  const outcomes = await commitSlice(run, read, slice, mover);
  mover.committed(slice);
  work.tally.addCommit(read.tables, outcomes);
  await emit({ type: 'slice-committed', slice, outcomes });
}

async function readByEngine(run: ActiveRun, work: Work, slice: Slice): Promise<SliceRead> {
  const { readByDataflow } = await import('../engines/dataflow/read-slice.ts');
  return readByDataflow(run, work, slice);
}

async function commitSlice(run: ActiveRun, read: SliceRead, slice: Slice, mover: CursorMover) {
  const { request, setup, lease, runId } = run;
  const now = setup.now();
  const sum = (pick: (table: SliceRead['tables'][number]) => number) =>
    read.tables.reduce((total, table) => total + pick(table), 0);
  const announced = read.tables.flatMap((table) => (table.announced === undefined ? [] : [table.announced]));
  try {
    return await request.warehouse.commit({
      lease,
      tables: read.tables.map(({ stage, target }) => ({ stage, writeMode: target.writeMode })),
      origin: slice.origin,
      window: slice.window,
      slice: {
        ...sliceFacts(run, slice),
        status: 'committed',
        rowsRead: sum((table) => table.rowsRead),
        rowsLoaded: sum((table) => table.stage.rows),
        rowsQuarantined: sum((table) => table.rejected),
        sourceRows: announced.length === 0 ? undefined : announced.reduce((total, rows) => total + rows, 0),
        runId,
        at: now,
      },
      cursor: mover.after(slice, now),
      quarantined: read.tables.flatMap(({ target, quarantined }) =>
        quarantined.map((row) => ({ table: target.declared, row })),
      ),
      drift: read.tables.flatMap(({ target, drift }) =>
        drift.map((field) => ({ table: target.declared, field })),
      ),
      now,
    });
  } finally {
    for (const { stage } of read.tables) await stage.discard();
  }
}

/** @param error redacted */
async function failSlice(run: ActiveRun, tally: Tally, slice: Slice, error: string): Promise<void> {
  tally.addFailure(slice, error);
  await run.request.warehouse.ledger.saveFailure(run.lease, {
    ...sliceFacts(run, slice),
    status: 'failed',
    rowsRead: 0,
    rowsLoaded: 0,
    rowsQuarantined: 0,
    error,
    runId: run.runId,
    at: run.setup.now(),
  });
  await run.emit({ type: 'slice-failed', slice, error });
}

function sliceFacts({ lease }: ActiveRun, slice: Slice) {
  const { pipeline, group, lane } = lease;
  const { id: sliceId, table, origin, window, object } = slice;
  return { pipeline, group, lane, sliceId, table, origin, window, generation: object?.generation };
}

const silent = { debug: () => {}, info: () => {}, warn: () => {} };

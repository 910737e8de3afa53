import { hostname } from 'node:os';
import type { CatchmentError } from '../errors.ts';
import { retryable } from '../errors.ts';
import type { LaneState, RunRecord, RunStatus } from '../ledger/ledger.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import type { ActiveRun } from './active-run.ts';
import { leaseTermMs, newRecord, newRunId, redacted } from './active-run.ts';
import type { OnRunEvent } from './event.ts';
import { openHttp } from './open-http.ts';
import { planRun } from './plan-run.ts';
import type { SlicePlan } from './plan-slices.ts';
import type { RunRequest, RunSummary } from './request.ts';
import { runSlices } from './run-slices.ts';
import type { RunSetup } from './setup.ts';
import { setUpRun } from './setup.ts';
import { createTally } from './tally.ts';
import { holderOf, taskRunId } from './task-slices.ts';

/** This process, the same for every copy of this module in it. */
export const processId = `${process.pid}@${hostname()}#${Math.round(performance.timeOrigin)}`;

/**
 * Runs one group of one pipeline: lease, slices, read and stage, commit, finish. Slices that fail leave the others in
 * place; nothing is lost and nothing loaded twice wherever the process dies.
 *
 * @returns what was done, also when slices failed (`partial`, `failed`) or must wait (`deferred`)
 * @throws fatal `bad-input` / `bad-schema` before anything is touched; retryable `already-running`, `lease-lost`,
 *   `deferred` (before its time); and what the warehouse throws
 */
export async function runPipeline(request: RunRequest): Promise<RunSummary> {
  const setup = setUpRun(request);
  const { warehouse, share } = request;
  const runId = share === undefined ? newRunId(setup.now()) : taskRunId(share);
  const holder = share === undefined ? { process: processId, run: runId } : { process: holderOf(share) };
  const emit: OnRunEvent = request.onEvent ?? (() => {});
  const lease = await warehouse.ledger.acquire({
    pipeline: request.pipeline.name,
    group: setup.group.name,
    lane: setup.lane,
    holder: [holder.process, holder.run].filter(Boolean).join('/'),
    process: holder.process,
    termMs: leaseTermMs,
    now: setup.now(),
  });
  let summary: RunSummary;
  try {
    await emit({ type: 'lease-taken', fence: lease.fence });
    summary = await runWithLease({ request, setup, lease, runId, emit });
  } catch (error) {
    // The first error is the one to tell; a release that fails as well only delays the next run by the lease's term.
    if (share === undefined) await warehouse.ledger.release(lease).catch(() => undefined);
    throw error;
  }
  // The tasks of one execution share it; the last one gives it back.
  if (share === undefined) {
    await warehouse.ledger.release(lease);
    await emit({ type: 'lease-released' });
  }
  return summary;
}

async function runWithLease(run: ActiveRun): Promise<RunSummary> {
  const { request, setup, lease, emit } = run;
  const { ledger } = request.warehouse;
  const state = await ledger.state(lease);
  const { share } = request;
  if (share === undefined) refuseBeforeResume(setup, state);

  const base = newRecord(run);
  const { http, stats } = openHttp(run);
  const tally = createTally([...setup.targets, ...setup.transforms]);
  // Asked every few minutes, so it leaves no record.
  if (request.isResume === true && state.lastRun?.status !== 'deferred')
    return tally.summary({ ...base, status: 'succeeded', finishedAt: setup.now() }, [
      'no run was deferred, so there is nothing to go on with',
    ]);
  const billedBefore = request.warehouse.billedBytes?.();
  await ledger.saveRun(base);
  await emit({ type: 'run-started', run: base });

  let planned: SlicePlan = { slices: [], skipped: [] };
  const finish = async (status: RunStatus, error?: CatchmentError): Promise<RunSummary> => {
    const finished: RunRecord = {
      ...tally.record(base, status, stats),
      slicesPlanned: Math.max(
        planned.slices.length + (planned.failed?.length ?? 0),
        tally.slicesDone + tally.failures.length,
      ),
      finishedAt: setup.now(),
      resumeAt: status === 'deferred' ? (error?.resumeAt ?? setup.now()) : undefined,
      bytesBilled: sumOf(billedSince(request.warehouse, billedBefore), stats.bytesBilled),
      error: error?.message ?? tally.failures[0]?.error,
    };
    await ledger.saveRun(finished);
    await emit({ type: 'run-finished', run: finished });
    return tally.summary(finished, planned.skipped);
  };
  const plan = async () => {
    if (share !== undefined) refuseBeforeResume(setup, state);
    await request.warehouse.prepare([...setup.targets, ...setup.transforms]);
    const all = await planRun(run, state, http);
    if (request.pipeline.engine === undefined) return all;
    const { leftOfRound } = await import('../engines/dataflow/resume.ts');
    return leftOfRound(run, state, all);
  };

  try {
    if (share !== undefined) {
      const { runTask } = await import('./run-task.ts');
      return await runTask(run, share, {
        state,
        plan,
        http,
        tally,
        finish: (end, own) => {
          planned = own;
          return finish(end.status, end.error);
        },
      });
    }
    planned = await plan();
    await emit({ type: 'slices-planned', slices: planned.slices, skipped: planned.skipped });
    let end = await runSlices(run, { state, planned, http, tally });
    if (end.error === undefined && setup.targets.some(({ cursor }) => cursor.kind === 'log')) {
      const { runLog } = await import('./run-log.ts');
      const followed = await runLog(run, { state, http, tally });
      if (followed.status !== 'succeeded') end = followed;
    }
    if (setup.transforms.length > 0 && (end.error === undefined || tally.slicesDone > 0)) {
      const { runTransforms } = await import('./run-transforms.ts');
      const isWhole = await runTransforms(run, tally);
      if (!isWhole && end.status === 'succeeded') end = { status: 'partial' };
    }
    return await finish(end.status, end.error);
  } catch (thrown) {
    const error = redacted(run, thrown);
    // A run whose lease is gone is somebody else's now; it must not write its record over theirs.
    if (error.code !== 'lease-lost') await finish('failed', error).catch(() => undefined);
    throw error;
  }
}

/** What reading the state before the run, and writing this record, cost is not in it. */
function billedSince(warehouse: Warehouse, before: number | undefined): number | undefined {
  const now = warehouse.billedBytes?.();
  return now === undefined || before === undefined ? undefined : now - before;
}

/** Of the warehouse and the source; undefined when neither charges by bytes. */
function sumOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0);
}

function refuseBeforeResume({ where, now }: RunSetup, { lastRun }: LaneState): void {
  const resumeAt = lastRun?.status === 'deferred' ? lastRun.resumeAt : undefined;
  if (resumeAt === undefined || now() >= resumeAt) return;
  throw retryable('deferred', {
    where,
    what: `the last run was deferred until ${resumeAt.toISOString()}`,
    todo: 'run it again then',
    resumeAt,
  });
}

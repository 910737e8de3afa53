import { setTimeout as wait } from 'node:timers/promises';
import { isCatchmentError, retryable } from '../errors.ts';
import type { Lease, Ledger } from '../ledger/ledger.ts';
import { type ActiveRun, leaseTermMs } from './active-run.ts';
import type { SlicePlan } from './plan-slices.ts';
import type { TaskShare } from './request.ts';

/** How long a task waits for the one that plans: its lease's term, in which a dead planner is replaced, and some more. */
const patienceMs = leaseTermMs + 5 * 60_000;

/** Listing a bucket or asking a database for its ranges takes seconds. */
const pollMs = 2000;

/**
 * The plan that all tasks of one execution go by: the first task that gets here makes it and keeps it in the ledger, the
 * others read it. The ledger that it was made from changes while they work, so no task may plan for itself.
 *
 * The plan is a cursor under a group of its own, which no stack file can name, and is guarded by that group's lease: of
 * two tasks that both find no plan one makes it, and a planner that stalls past its term is refused when it saves.
 *
 * @param make plans; called by one task of the execution
 * @throws retryable `deferred` when the task that plans says nothing for fifteen minutes; whatever `make` throws
 */
export async function sharePlan(
  run: ActiveRun,
  share: TaskShare,
  make: () => Promise<SlicePlan>,
): Promise<SlicePlan> {
  const { request, setup } = run;
  const { ledger } = request.warehouse;
  const signal = request.signal ?? new AbortController().signal;
  const sleep = request.sleep ?? ((ms, stop) => wait(ms, undefined, { signal: stop }));
  const begun = setup.now().getTime();
  for (;;) {
    const known = await readPlan(run, share);
    if (known !== undefined) return known;
    const lease = await takePlanning(run, share);
    if (lease !== undefined) return planOnce(run, share, lease, make);
    if (setup.now().getTime() - begun >= patienceMs)
      throw retryable('deferred', {
        where: setup.where,
        what: `task ${share.index} waited ${patienceMs / 60_000} minutes for the plan of ${share.execution}`,
        todo: 'nothing: the next execution plans anew',
        resumeAt: setup.now(),
      });
    await sleep(pollMs, signal);
    signal.throwIfAborted();
    await ledger.renew(run.lease, setup.now(), leaseTermMs);
  }
}

/** Group of the plan and of its lease. Names of groups hold no slash. */
export function planKey({ lease }: ActiveRun) {
  return { pipeline: lease.pipeline, group: `${lease.group}/plan`, lane: lease.lane };
}

/** The lease that one task of an execution plans or ends under; undefined while another one has it. */
export async function takePlanning(run: ActiveRun, share: TaskShare): Promise<Lease | undefined> {
  const holder = `${share.execution}/${share.index}`;
  try {
    return await run.request.warehouse.ledger.acquire({
      ...planKey(run),
      holder,
      process: holder,
      termMs: leaseTermMs,
      now: run.setup.now(),
    });
  } catch (error) {
    if (isCatchmentError(error) && error.code === 'already-running') return undefined;
    throw error;
  }
}

async function planOnce(
  run: ActiveRun,
  share: TaskShare,
  lease: Lease,
  make: () => Promise<SlicePlan>,
): Promise<SlicePlan> {
  const { ledger } = run.request.warehouse;
  try {
    // It may have been made between the look and the lease.
    const known = await readPlan(run, share);
    if (known !== undefined) return known;
    const plan = await make();
    await savePlan(ledger, lease, share, plan, run.setup.now());
    return plan;
  } finally {
    await ledger.release(lease).catch(() => undefined);
  }
}

async function readPlan(run: ActiveRun, { execution }: TaskShare): Promise<SlicePlan | undefined> {
  const { cursors } = await run.request.warehouse.ledger.state(planKey(run));
  const [record] = cursors;
  if (record === undefined) return undefined;
  const { execution: of, ...plan } = JSON.parse(record.value) as SlicePlan & { readonly execution: string };
  return of === execution ? plan : undefined;
}

/** One record for each group and lane: the plan of the next execution replaces it. */
async function savePlan(
  ledger: Ledger,
  lease: Lease,
  { execution }: TaskShare,
  plan: SlicePlan,
  at: Date,
): Promise<void> {
  const { pipeline, group, lane } = lease;
  const value = JSON.stringify({ execution, ...plan });
  await ledger.saveCursor(lease, { pipeline, group, lane, table: 'plan', origin: '-', value, at });
}

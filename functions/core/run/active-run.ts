import { randomUUID } from 'node:crypto';
import type { CatchmentError } from '../errors.ts';
import { asCatchmentError, retryable } from '../errors.ts';
import type { Lease, RunRecord } from '../ledger/ledger.ts';
import { createRedactor } from '../secrets.ts';
import type { OnRunEvent } from './event.ts';
import type { RunRequest } from './request.ts';
import type { RunSetup } from './setup.ts';

/** A holder that is silent for longer may be replaced. */
export const leaseTermMs = 10 * 60_000;

/** A run that holds its lease. */
export interface ActiveRun {
  readonly request: RunRequest;
  readonly setup: RunSetup;
  readonly lease: Lease;
  readonly runId: string;
  readonly emit: OnRunEvent;
}

/** Sorts by time, and no two runs share it. */
export function newRunId(now: Date): string {
  return `${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${randomUUID().slice(0, 8)}`;
}

export function newRecord({ request, lease, runId, setup }: ActiveRun): RunRecord {
  return {
    runId,
    pipeline: lease.pipeline,
    group: lease.group,
    lane: lease.lane,
    trigger: request.trigger,
    status: 'running',
    startedAt: setup.now(),
    slicesPlanned: 0,
    slicesDone: 0,
    slicesFailed: 0,
    rowsRead: 0,
    rowsLoaded: 0,
    rowsUnchanged: 0,
    rowsQuarantined: 0,
    bytes: 0,
    apiCalls: 0,
    waitedMs: 0,
  };
}

export function cancelled({ where }: RunSetup): CatchmentError {
  return retryable('cancelled', {
    where,
    what: 'the run was stopped',
    todo: 'run it again; slices that are done stay done',
  });
}

/** Any thrown value as an error of the kit that shows no part of a secret. */
export function redacted({ setup, request }: ActiveRun, thrown: unknown): CatchmentError {
  const redactor = createRedactor([setup.secret, ...(request.hidden ?? [])]);
  const error = asCatchmentError(redactor.redactValue(thrown), setup.where);
  return error;
}

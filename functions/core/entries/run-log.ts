import { asCatchmentError } from '../errors.ts';
import type { Log } from '../extract.ts';
import type { ErrorLog, LogLevel } from '../log.ts';
import { createLog } from '../log.ts';
import type { OnRunEvent } from '../run/event.ts';
import { createRedactor } from '../secrets.ts';

/** The log of one run of a deployed handler, for the platform's log reader. */
export interface RunLog {
  readonly log: Log;
  /** Writes a line for each step. A run that failed is an ERROR, which opens the alert; one that waits is a WARNING. */
  readonly onEvent: OnRunEvent;
  /** Writes why a run did not begin, or ended without a summary. */
  readonly failed: (error: unknown) => void;
}

export async function openRunLog(options: {
  readonly level: LogLevel;
  /** Of the group and of the warehouse: hidden in every line. */
  readonly secrets: readonly unknown[];
  /** Fields of every line. */
  readonly bindings: Readonly<Record<string, unknown>>;
}): Promise<RunLog> {
  const { level, secrets, bindings } = options;
  const log = await createLog({ level, redactor: createRedactor(secrets), bindings });
  return { log, onEvent: (event) => writeEvent(log, event), failed: (error) => writeFailure(log, error) };
}

function writeEvent(log: ErrorLog, event: Parameters<OnRunEvent>[0]): void {
  if (event.type === 'run-started') {
    const { runId, lane, trigger } = event.run;
    log.info({ runId, lane, trigger }, 'the run started');
  }
  if (event.type === 'slices-planned')
    log.info({ slices: event.slices.length, skipped: event.skipped }, 'slices are planned');
  if (event.type === 'slice-committed')
    log.info({ slice: event.slice.id, outcomes: event.outcomes }, 'a slice is in');
  if (event.type === 'slice-failed')
    log.error({ slice: event.slice.id, error: event.error }, 'a slice failed');
  if (event.type === 'run-finished') {
    const { status } = event.run;
    const level = status === 'succeeded' ? 'info' : status === 'deferred' ? 'warn' : 'error';
    log[level]({ ...event.run }, `the run ended ${status}`);
  }
}

function writeFailure(log: ErrorLog, thrown: unknown): void {
  const error = asCatchmentError(thrown);
  log[error.kind === 'retryable' ? 'warn' : 'error']({ error }, error.message);
}

import { retryable } from '../errors.ts';

/** A run that wants to hear that the process must end. */
export interface StopWatch {
  /** Aborted when the process is told to end. */
  readonly signal: AbortSignal;
  /** Says that the run has ended and its answer is out; the process may go. */
  done(): void;
}

const signals = ['SIGTERM', 'SIGINT'] as const;

const running = new Set<AbortController>();
let parked: readonly (readonly [NodeJS.Signals, NodeJS.SignalsListener])[] = [];
let told: NodeJS.Signals | undefined;

/**
 * Lets runs end in order before the process does. Functions Framework exits the moment it hears SIGTERM, in the middle
 * of a slice; Cloud Run grants ten seconds until SIGKILL (https://cloud.google.com/run/docs/container-contract). While
 * a run is at work its listeners wait; they are called when the last run has ended.
 */
export function watchStop(): StopWatch {
  if (running.size === 0) park();
  const controller = new AbortController();
  running.add(controller);
  if (told !== undefined) controller.abort(stopped(told));
  return {
    signal: controller.signal,
    done() {
      if (!running.delete(controller) || running.size > 0) return;
      unpark();
    },
  };
}

function park(): void {
  told = undefined;
  parked = signals.flatMap((signal) =>
    process.listeners(signal).map((listener) => [signal, listener] as const),
  );
  for (const signal of signals) {
    process.removeAllListeners(signal);
    process.on(signal, stopAll);
  }
}

function unpark(): void {
  for (const signal of signals) process.off(signal, stopAll);
  for (const [signal, listener] of parked) process.on(signal, listener);
  if (told === undefined) return;
  for (const [signal, listener] of parked) if (signal === told) listener(signal);
}

function stopAll(signal: NodeJS.Signals): void {
  told = signal;
  for (const controller of running) controller.abort(stopped(signal));
}

function stopped(signal: NodeJS.Signals) {
  return retryable('cancelled', { what: `the process was told to end (${signal})` });
}

import type { ExitCode } from './exit-code.ts';
import { interruptSignal } from './interrupt.ts';
import { endedJson, printEnded } from './print/ended.ts';
import { printJson } from './print/terminal.ts';
import { exitCodeOfAll, type RunOrdersOptions, runOrders } from './run-orders.ts';

/** Runs the orders, prints how each ended, closes the twin, and says the exit code. */
export async function runAndPrint({
  json,
  ...options
}: Omit<RunOrdersOptions, 'quiet' | 'signal'> & { readonly json?: boolean | undefined }): Promise<ExitCode> {
  const signal = interruptSignal();
  try {
    const ended = await runOrders({ ...options, signal, quiet: json });
    if (json) printJson({ stack: options.twin.estate.stack, runs: endedJson(ended) });
    else printEnded(ended);
    return exitCodeOfAll(ended, signal);
  } finally {
    await options.twin.close();
  }
}

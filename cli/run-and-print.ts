import type { ExitCode } from './exit-code.ts';
import { endedJson, printEnded } from './print/ended.ts';
import { printJson } from './print/terminal.ts';
import { exitCodeOfAll, type RunOrdersOptions, runOrders } from './run-orders.ts';

/** Runs the orders, prints how each ended, closes the twin, and says the exit code. */
export async function runAndPrint({
  json,
  ...options
}: Omit<RunOrdersOptions, 'quiet'> & { readonly json?: boolean | undefined }): Promise<ExitCode> {
  try {
    const ended = await runOrders({ ...options, quiet: json });
    if (json) printJson({ stack: options.twin.estate.stack, runs: endedJson(ended) });
    else printEnded(ended);
    return exitCodeOfAll(ended);
  } finally {
    await options.twin.close();
  }
}

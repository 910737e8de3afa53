import type { ExitCode } from './exit-code.ts';
import { endedJson, printEnded } from './print/ended.ts';
import { printJson } from './print/terminal.ts';
import { exitCodeOfAll, type RunTargetsOptions, runTargets } from './run-targets.ts';

/** Runs the targets, prints how each ended, closes the twin, and says the exit code. */
export async function runAndPrint({
  json,
  ...options
}: Omit<RunTargetsOptions, 'quiet'> & { readonly json?: boolean | undefined }): Promise<ExitCode> {
  try {
    const ended = await runTargets({ ...options, quiet: json });
    if (json) printJson({ stack: options.twin.estate.stack, runs: endedJson(ended) });
    else printEnded(ended);
    return exitCodeOfAll(ended);
  } finally {
    await options.twin.close();
  }
}

import { fatal } from '../functions/core/errors.ts';
import { exitCode } from './exit-code.ts';

/** A terminal sends Ctrl-C to the launcher and to us, and the launcher passes it on: one key, two signals. */
const echoMs = 500;

/** Aborts at the first SIGINT or SIGTERM; the second one ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const stop = (name: string) => {
    if (!controller.signal.aborted) {
      first = performance.now();
      controller.abort(
        fatal('cancelled', {
          what: `interrupted by ${name}`,
          todo: 'run it again to go on where it stopped',
        }),
      );
    } else if (performance.now() - first > echoMs) process.exit(exitCode.interrupted);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return controller.signal;
}

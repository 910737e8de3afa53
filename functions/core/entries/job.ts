import { parseArgs } from 'node:util';
import { asCatchmentError, type CatchmentError, fatal } from '../errors.ts';
import { toJson } from './answer.ts';
import type { Bundled } from './entry.ts';
import { openHost } from './host.ts';
import { type Order, type OrderNames, parseOrder } from './order.ts';
import { watchStop } from './stop.ts';

/** `EX_USAGE` and `EX_TEMPFAIL` of sysexits.h. */
export const exitCodes = { ok: 0, failed: 1, usage: 64, later: 75 } as const;

const names: OrderNames = {
  group: '--group',
  from: '--from',
  to: '--to',
  months: '--months',
  writeMode: '--write-mode',
  resume: '--resume',
  resnapshot: '--resnapshot',
  table: '--table',
};

const usage = `Usage: node main.mjs [--group <name>] [--from <day> --to <day> | --months <n>] [--write-mode <mode>] [--resume true]
       node main.mjs [--group <name>] --resnapshot true [--table <name>,...]

Loads one group of the pipeline in CATCHMENT_PIPELINE. Without days: what is new since the last run.

  --group <name>       may be left out when the pipeline has just one
  --from, --to <day>   YYYY-MM-DD, both included: these days, beside the incremental run
  --months <n>         1 to 60: the last months up to yesterday
  --write-mode <mode>  append, merge, replace or replaceWindow, if the tables can
  --resume true        goes on with a run that was deferred, and does nothing when there is none
  --resnapshot true    of a log: reads all tables whole again, or those of --table

Exit codes: 0 done; 1 failed, or done only in part; 64 wrong arguments; 75 not now, try again later.
`;

/**
 * A source as a job. Its result is one JSON line on standard output, its error one on standard error.
 *
 * @returns 0 done; 1 fatal or partial; 64 wrong arguments; 75 retryable, deferred or told to stop
 */
export async function runJob(
  bundled: Bundled,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(usage);
    return exitCodes.ok;
  }
  let isUsage = false;
  const stop = watchStop();
  try {
    const host = openHost(bundled, env);
    isUsage = true;
    const order: Order = parseOrder(readArguments(argv), { pipeline: host.pipeline, names, now: host.now() });
    isUsage = false;
    const summary = await host.run(order, { trigger: 'job', signal: stop.signal });
    const { status } = summary.run;
    process.stdout.write(`${toJson({ message: `the run ended ${status}`, ...summary })}\n`);
    if (status === 'succeeded') return exitCodes.ok;
    return status === 'deferred' || stop.signal.aborted ? exitCodes.later : exitCodes.failed;
  } catch (thrown) {
    const error = asCatchmentError(thrown, bundled.source);
    tell(error);
    if (isUsage) return exitCodes.usage;
    return error.kind === 'retryable' ? exitCodes.later : exitCodes.failed;
  } finally {
    stop.done();
  }
}

/** @throws fatal `bad-input` for an argument that is unknown, or has no value */
function readArguments(argv: readonly string[]): Record<string, unknown> {
  const options = Object.fromEntries(
    Object.values(names).map((name) => [name.slice(2), { type: 'string' } as const]),
  );
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true });
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [`--${name}`, value]));
  } catch (cause) {
    throw fatal('bad-input', { what: (cause as Error).message, allowed: Object.values(names), cause });
  }
}

function tell({ code, message, kind, facts }: CatchmentError): void {
  const error = {
    code,
    message,
    field: facts.field,
    allowed: facts.allowed,
    retryable: kind === 'retryable',
  };
  process.stderr.write(`${toJson({ severity: 'ERROR', message, error })}\n`);
}

import { asCatchmentError, type CatchmentError } from '../functions/core/errors.ts';
import type { RunSummary } from '../functions/core/run/request.ts';
import type { Target } from '../twin/select.ts';
import type { Order, Twin } from '../twin/twin.ts';
import { type ExitCode, exitCode, exitCodeOf } from './exit-code.ts';
import { type Progress, startProgress } from './print/progress.ts';

/** How one run ended: with a summary, or with an error before there was one. */
export interface Ended {
  readonly target: Target;
  readonly summary?: RunSummary;
  readonly error?: CatchmentError;
}

export interface RunOrdersOptions {
  readonly twin: Twin;
  readonly orders: readonly Omit<Order, 'trigger' | 'onEvent' | 'signal'>[];
  /** Ends the run that is going on, and starts no other. */
  readonly signal: AbortSignal;
  /** Draws no progress. */
  readonly quiet?: boolean | undefined;
}

/** Errors that the next run would meet as well. */
const endsAll = new Set(['cancelled', 'warehouse-locked', 'disk-full']);

/** Runs one group after another; one that fails leaves the others in place. */
export async function runOrders({
  twin,
  orders,
  signal,
  quiet,
}: RunOrdersOptions): Promise<readonly Ended[]> {
  const progress = quiet ? undefined : startProgress();
  const ended: Ended[] = [];
  try {
    await bundleAll(twin, orders, progress);
    const followed = orders.map((order) => ({
      ...order,
      onEvent: progress?.follow(`${order.pipeline.name}/${order.group.name}`),
    }));
    for (const order of followed) {
      const one = await runOne(twin, { ...order, trigger: 'cli', signal });
      ended.push(one);
      if (signal.aborted || (one.error !== undefined && endsAll.has(one.error.code))) break;
    }
  } finally {
    progress?.stop();
  }
  return ended;
}

async function bundleAll(
  twin: Twin,
  targets: readonly Target[],
  progress: Progress | undefined,
): Promise<void> {
  const noted = new Set<string>();
  for (const { pipeline } of targets) {
    const { bytes, hash } = await twin.handlers.load(pipeline);
    if (!noted.has(hash)) progress?.note(`bundled ${pipeline.source}: ${(bytes / 1000).toFixed(0)} kB`);
    noted.add(hash);
  }
}

async function runOne(twin: Twin, order: Order): Promise<Ended> {
  const target = { pipeline: order.pipeline, group: order.group };
  try {
    return { target, summary: await twin.run(order) };
  } catch (thrown) {
    return { target, error: asCatchmentError(thrown, `${order.pipeline.name}/${order.group.name}`) };
  }
}

/** An interrupt counts most, then a failure, then what may work later. A single run's error keeps its own code. */
export function exitCodeOfAll(ended: readonly Ended[], signal: AbortSignal): ExitCode {
  if (signal.aborted) return exitCode.interrupted;
  const codes = ended.map(({ summary, error }): ExitCode => {
    if (error !== undefined) return exitCodeOf(error);
    const status = summary?.run.status;
    if (status === 'succeeded') return exitCode.ok;
    return status === 'deferred' ? exitCode.later : exitCode.failed;
  });
  if (codes.length === 1) return codes[0] ?? exitCode.ok;
  const isFailed = codes.includes(exitCode.failed) || codes.includes(exitCode.usage);
  if (isFailed) return exitCode.failed;
  return codes.includes(exitCode.later) ? exitCode.later : exitCode.ok;
}

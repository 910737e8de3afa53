import type { Ended } from '../run-orders.ts';
import { summaryLines } from './summary.ts';
import { printLines, style, terminalWidth } from './terminal.ts';

/** A table per run on standard output, errors on standard error. */
export function printEnded(ended: readonly Ended[]): void {
  for (const { summary, error } of ended) {
    if (summary !== undefined) {
      const [head = '', ...lines] = summaryLines(summary, terminalWidth());
      printLines([style('bold', head), ...lines, '']);
    }
    if (error !== undefined) process.stderr.write(`catchment: ${error.message}\n`);
  }
}

/** The same as data: the run's summary with its pipeline and group, or its error. */
export function endedJson(ended: readonly Ended[]): readonly unknown[] {
  return ended.map(({ target, summary, error }) => ({
    pipeline: target.pipeline.name,
    group: target.group.name,
    ...summary,
    ...(error && { error: { code: error.code, kind: error.kind, message: error.message } }),
  }));
}

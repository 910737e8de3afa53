import type { Command } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';

interface Options extends CommonOptions {
  readonly months: string;
  readonly group?: string;
  readonly writeMode?: string;
}

export function backfillCommand(): Command {
  return createCommand({
    name: 'backfill',
    summary: 'Load whole months again, beside the incremental run and without moving its cursor.',
    examples: [
      ['backfill tiktok-marketing --months 6', 'the last six months of all groups'],
      ['backfill tiktok-marketing --months 1 --group demo', 'one month of one group'],
    ],
  })
    .argument('<pipeline>', 'a pipeline of the stack file')
    .requiredOption('--months <count>', 'months up to the newest day there is, 1 to 120')
    .option('--group <name>', 'only this group')
    .option('--write-mode <mode>', 'append, merge, replace or replaceWindow, instead of the declared one')
    .action(async (pipeline: string, options: Options) => {
      const { parseMonths, parseWriteMode } = await import('../arguments.ts');
      const { today } = await import('../../functions/core/run/days.ts');
      const { backfillWindow } = await import('../../functions/core/run/plan-slices.ts');
      const { openTwin } = await import('../../twin/twin.ts');
      const { selectTargets } = await import('../../twin/select.ts');
      const { runAndPrint } = await import('../run-and-print.ts');
      const months = parseMonths(options.months);
      const writeMode = parseWriteMode(options.writeMode);
      const twin = await openTwin(options);
      const targets = selectTargets(twin.estate, pipeline, options.group);
      const now = new Date();
      process.exitCode = await runAndPrint({
        twin,
        targets,
        order: ({ pipeline: { tables }, group }) => {
          const lags = tables.flatMap(({ cursor }) => (cursor.kind === 'window' ? [cursor.lag] : []));
          return { window: backfillWindow(months, today(now, group.timeZone), Math.min(...lags)), writeMode };
        },
        json: options.json,
      });
    });
}

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
    .requiredOption('--months <count>', 'months up to yesterday, 1 to 60')
    .option('--group <name>', 'only this group')
    .option('--write-mode <mode>', 'append, merge, replace or replaceWindow, instead of the declared one')
    .action(async (pipeline: string, options: Options) => {
      const { parseTargetOrder } = await import('../arguments.ts');
      const { openTwin } = await import('../../twin/twin.ts');
      const { selectTargets } = await import('../../twin/select.ts');
      const { runAndPrint } = await import('../run-and-print.ts');
      const now = new Date();
      const twin = await openTwin(options);
      const orders = selectTargets(twin.estate, pipeline, options.group).map((target) => ({
        ...target,
        ...parseTargetOrder(target, options, 'backfill', now),
      }));
      process.exitCode = await runAndPrint({ twin, orders, json: options.json });
    });
}

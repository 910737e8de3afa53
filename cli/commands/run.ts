import type { Command } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';

interface Options extends CommonOptions {
  readonly group?: string;
  readonly from?: string;
  readonly to?: string;
  readonly table?: readonly string[];
  readonly resnapshot?: boolean;
  readonly writeMode?: string;
  readonly sandboxPort?: string;
}

export function runCommand(): Command {
  return createCommand({
    name: 'run',
    summary: 'Load one pipeline: what is new, or the days you name.',
    examples: [
      ['run tiktok-marketing', 'what is new, all groups'],
      [
        'run tiktok-marketing --group demo --from 2026-10-01 --to 2026-10-31',
        'these days again; the cursor stays',
      ],
      ['run files --table flights --table stocks', 'two tables'],
    ],
  })
    .argument('<pipeline>', 'a pipeline of the stack file')
    .option('--group <name>', 'only this group')
    .option('--from <day>', 'first day, YYYY-MM-DD')
    .option('--to <day>', 'last day, YYYY-MM-DD')
    .option('--table <name>', 'only this table; may be repeated', collect)
    .option('--resnapshot', 'of a log: read all tables whole again, or those of --table')
    .option('--write-mode <mode>', 'append, merge, replace or replaceWindow, instead of the declared one')
    .option('--sandbox-port <port>', 'where the sandbox listens (default: any free port)')
    .action(async (pipeline: string, options: Options) => {
      const { parsePort, parseTargetOrder } = await import('../arguments.ts');
      const { openTwin } = await import('../../twin/twin.ts');
      const { selectTargets } = await import('../../twin/select.ts');
      const { runAndPrint } = await import('../run-and-print.ts');
      const now = new Date();
      const twin = await openTwin({ ...options, sandboxPort: parsePort(options.sandboxPort) });
      const orders = selectTargets(twin.estate, pipeline, options.group).map((target) => ({
        ...target,
        ...parseTargetOrder(target, options, 'run', now),
        tables: options.table,
        resnapshot: options.resnapshot,
      }));
      process.exitCode = await runAndPrint({ twin, orders, json: options.json });
    });
}

function collect(name: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, name];
}

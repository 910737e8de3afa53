import type { Command } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';

interface Options extends CommonOptions {
  readonly group?: string;
  readonly from?: string;
  readonly to?: string;
  readonly table?: readonly string[];
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
    .option('--to <day>', 'last day, YYYY-MM-DD (default: yesterday)')
    .option('--table <name>', 'only this table; may be repeated', collect)
    .option('--write-mode <mode>', 'append, merge, replace or replaceWindow, instead of the declared one')
    .option('--sandbox-port <port>', 'where the sandbox listens (default: any free port)')
    .action(async (pipeline: string, options: Options) => {
      const { parsePort, parseWindow, parseWriteMode } = await import('../arguments.ts');
      const { today } = await import('../../functions/core/run/days.ts');
      const { openTwin } = await import('../../twin/twin.ts');
      const { selectTargets } = await import('../../twin/select.ts');
      const { runAndPrint } = await import('../run-and-print.ts');
      const now = new Date();
      const writeMode = parseWriteMode(options.writeMode);
      // Before the stack file is read; each group's own day is checked once its time zone is known.
      parseWindow(options.from, options.to, today(now, 'Pacific/Kiritimati'));
      const twin = await openTwin({ ...options, sandboxPort: parsePort(options.sandboxPort) });
      const targets = selectTargets(twin.estate, pipeline, options.group);
      const windows = targets.map(({ group }) =>
        parseWindow(options.from, options.to, today(now, group.timeZone)),
      );
      process.exitCode = await runAndPrint({
        twin,
        targets,
        order: (target) => ({ window: windows[targets.indexOf(target)], tables: options.table, writeMode }),
        json: options.json,
      });
    });
}

function collect(name: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, name];
}

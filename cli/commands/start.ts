import type { Command } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';

export function startCommand(): Command {
  return createCommand({
    name: 'start',
    summary: 'Run every pipeline of the local stack once: sandboxes, bundled handlers, DuckDB file.',
    examples: [
      ['start', 'load everything the local stack names; again: only what is new'],
      ['start --json', 'the same, with the result as JSON'],
    ],
  }).action(async (options: CommonOptions) => {
    const { openTwin } = await import('../../twin/twin.ts');
    const { selectTargets } = await import('../../twin/select.ts');
    const { loadedTables } = await import('../../twin/loaded-tables.ts');
    const { interruptSignal } = await import('../interrupt.ts');
    const { endedJson, printEnded } = await import('../print/ended.ts');
    const { nextCommands, databaseLines } = await import('../print/next.ts');
    const { printJson, printLines } = await import('../print/terminal.ts');
    const { exitCodeOfAll, runOrders } = await import('../run-orders.ts');
    const signal = interruptSignal();
    const twin = await openTwin(options);
    try {
      const ended = await runOrders({
        twin,
        orders: selectTargets(twin.estate),
        signal,
        quiet: options.json,
      });
      const isOpen = ended.some(({ summary }) => summary !== undefined);
      const tables = isOpen ? await loadedTables(twin) : [];
      const next = nextCommands(twin.estate, tables, new Date());
      const { files, lines } = databaseLines(twin.estate, options.root);
      if (options.json) printJson({ stack: twin.estate.stack, runs: endedJson(ended), files, next });
      else {
        printEnded(ended);
        if (tables.length > 0)
          printLines([...lines, 'Look further:', ...next.map((command) => `  ${command}`)]);
      }
      process.exitCode = exitCodeOfAll(ended, signal);
    } finally {
      await twin.close();
    }
  });
}

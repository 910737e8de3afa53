import type { Command } from 'commander';
import type { LoadedTable } from '../../twin/loaded-tables.ts';
import { type CommonOptions, createCommand } from '../command.ts';
import type { Ended } from '../run-orders.ts';

export function startCommand(): Command {
  return createCommand({
    name: 'start',
    summary: 'Run every pipeline of the local stack once: sandboxes, bundled handlers, embedded warehouse.',
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
    const { estate } = twin;
    let ended: readonly Ended[];
    let tables: readonly LoadedTable[] = [];
    try {
      ended = await runOrders({ twin, orders: selectTargets(estate), signal, quiet: options.json });
      if (ended.some(({ summary }) => summary !== undefined)) tables = await loadedTables(twin);
    } finally {
      // Closing writes DuckDB's log into its file, whose size is printed.
      await twin.close();
    }
    const next = nextCommands(estate, tables, new Date());
    const { files, lines } = databaseLines(estate, options.root);
    if (options.json) printJson({ stack: estate.stack, runs: endedJson(ended), files, next });
    else {
      printEnded(ended);
      if (tables.length > 0)
        printLines([...lines, 'Look further:', ...next.map((command) => `  ${command}`)]);
    }
    process.exitCode = exitCodeOfAll(ended, signal);
  });
}

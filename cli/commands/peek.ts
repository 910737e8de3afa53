import type { Command } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';

interface Options extends CommonOptions {
  readonly group?: string;
  readonly rows?: string;
}

const defaultRows = 10;

export function peekCommand(): Command {
  return createCommand({
    name: 'peek',
    summary: 'Look into a source before loading it: its tables, or the columns and first rows of one.',
    examples: [
      ['peek shop', 'tables of the source; also tests the connection'],
      ['peek shop public.orders', 'columns, row count and first rows'],
      ['peek shop orders --rows 3 --json', 'a table of the stack file, as JSON'],
    ],
  })
    .argument('<pipeline>', 'a pipeline of the stack file')
    .argument('[table]', 'a table of the stack file, or one that the source has')
    .option('--group <name>', 'whose settings and secret are used (default: the first group)')
    .option('--rows <number>', `first rows to show (default: ${defaultRows})`)
    .action(async (pipeline: string, table: string | undefined, options: Options) => {
      const { parseCount } = await import('../arguments.ts');
      const sample = parseCount('--rows', options.rows, defaultRows);
      const { openInspection } = await import('../../twin/inspect.ts');
      const { printJson, printLines, terminalWidth } = await import('../print/terminal.ts');
      const { descriptionLines, tableLines } = await import('../print/inspection.ts');
      const inspection = await openInspection({ ...options, pipeline });
      try {
        if (table === undefined) {
          const tables = await inspection.tables();
          if (options.json) printJson(tables);
          else printLines(tableLines(tables, terminalWidth()));
          return;
        }
        const choice = await inspection.choose(table);
        const description = await inspection.describe(choice.options, sample);
        if (options.json) printJson({ table, ...description });
        else printLines(descriptionLines(table, description, terminalWidth()));
      } finally {
        await inspection.close();
      }
    });
}

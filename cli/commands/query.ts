import type { Command } from 'commander';
import { type CommonOptions, createCommand } from '../command.ts';

interface Options extends CommonOptions {
  readonly csv?: boolean;
  readonly limit?: string;
  readonly warehouse?: string;
}

/** Rows printed unless `--limit` says otherwise: what people read, and what fits into memory. */
const defaultLimit = { table: 40, export: 100_000 };

export function queryCommand(): Command {
  return createCommand({
    name: 'query',
    summary: "Ask a warehouse one SQL question, in the warehouse's own SQL.",
    examples: [
      ['query "show all tables"', 'what there is'],
      ['query "select count(*) from vega.flights"', 'a table that fits the terminal'],
      ['query "from vega.stocks limit 5" --csv', 'CSV; --json gives a list of objects'],
    ],
  })
    .argument('<sql>', 'one statement that reads')
    .option('--csv', 'print CSV')
    .option(
      '--limit <rows>',
      `print at most this many (default: ${defaultLimit.table}; ${defaultLimit.export} with --json or --csv)`,
    )
    .option('--warehouse <name>', 'when the stack has several')
    .action(async (sql: string, options: Options) => {
      const isExport = options.csv === true || options.json === true;
      const limit = await parseLimit(options, isExport ? defaultLimit.export : defaultLimit.table);
      const { askWarehouse } = await import('../../twin/ask.ts');
      const { result, total } = await askWarehouse({ ...options, sql, limit });

      const { printJson, printLines, terminalWidth } = await import('../print/terminal.ts');
      const { resultCsv, resultLines, resultObjects } = await import('../print/result.ts');
      if (options.csv) process.stdout.write(resultCsv(result));
      else if (options.json) printJson(resultObjects(result));
      else printLines(resultLines(result, terminalWidth()));

      const { formatCount, formatPlural } = await import('../print/numbers.ts');
      const hidden = total - result.rows.length;
      if (hidden > 0)
        process.stderr.write(
          `${formatPlural(hidden, 'more row')} not shown (${formatCount(total)} in all): raise --limit\n`,
        );
    });
}

async function parseLimit({ csv, json, limit }: Options, otherwise: number): Promise<number> {
  const { fatal } = await import('../../functions/core/errors.ts');
  if (csv && json)
    throw fatal('bad-input', { what: '--csv and --json exclude each other', todo: 'choose one' });
  if (limit === undefined) return otherwise;
  if (/^[1-9]\d{0,8}$/.test(limit)) return Number(limit);
  throw fatal('bad-input', {
    what: '--limit is not a number of rows',
    got: limit,
    allowed: 'whole numbers from 1 to 999999999',
  });
}

import { parseArgs } from 'node:util';
import { printJson, printLines, terminalWidth } from '../cli/print/terminal.ts';
import { machineFacts } from './machine.ts';
import { renderReport } from './report.ts';
import type { BenchRow } from './row.ts';
import { hasPassed, verdictOf } from './verdict.ts';

/** In the order in which they run. */
const benches: Readonly<Record<string, () => Promise<() => Promise<BenchRow[]>>>> = {
  files: async () => (await import('./files.ts')).benchFiles,
  'warehouse-files': async () => (await import('./warehouse-files.ts')).benchWarehouseFiles,
  store: async () => (await import('./store.ts')).benchStore,
  api: async () => (await import('./api.ts')).benchApi,
  rows: async () => (await import('./rows.ts')).benchRows,
  handler: async () => (await import('./handler.ts')).benchHandler,
  plan: async () => (await import('./plan.ts')).benchPlan,
  'postgres-to-postgres': async () =>
    (await import('./databases/postgres-to-postgres.ts')).benchPostgresToPostgres,
  'postgres-to-clickhouse': async () =>
    (await import('./databases/postgres-to-clickhouse.ts')).benchPostgresToClickhouse,
  replication: async () => (await import('./databases/replication.ts')).benchReplication,
  'mariadb-to-duckdb': async () => (await import('./databases/mariadb-to-duckdb.ts')).benchMariadbToDuckdb,
  'postgres-to-duckdb': async () => (await import('./databases/postgres-to-duckdb.ts')).benchPostgresToDuckdb,
};

const names = Object.keys(benches);

const help = `Measures the kit beside its floors, one path after another: see docs/bench.md

usage: npm run bench [-- name ...] [--rows n] [--only text] [--json]

names: ${names.join(', ')} (default: all)
  --rows  rows that the database and warehouse-files benchmarks move (default: 2000000)
  --only  of files and warehouse-files, the lines whose path has this text
  --json  print the figures as JSON
  --help  print this

ends with 1 when a bar is missed or results differ, with 2 on wrong usage
example: npm run bench -- files api`;

process.exitCode = await main();

async function main(): Promise<number> {
  const wanted = readArguments();
  if (typeof wanted === 'string') {
    process.stderr.write(`${wanted}\n`);
    return 2;
  }
  if (wanted.help) {
    printLines([help]);
    return 0;
  }
  if (wanted.rows !== undefined) process.env.BENCH_ROWS = wanted.rows;
  if (wanted.only !== undefined) process.env.BENCH_ONLY = wanted.only;
  const machine = machineFacts();
  const rows: BenchRow[] = [];
  for (const name of names.filter((each) => wanted.names.includes(each))) {
    process.stderr.write(`${name} ...\n`);
    const bench = await benches[name]?.();
    rows.push(...((await bench?.()) ?? []));
  }
  const passed = hasPassed(rows);
  if (wanted.json)
    printJson({ machine, passed, rows: rows.map((row) => ({ ...row, verdict: verdictOf(row) })) });
  else printLines(renderReport(machine, rows, terminalWidth()));
  return passed ? 0 : 1;
}

/** What to measure, or what is wrong with the command line. */
function readArguments() {
  try {
    const flag = { type: 'boolean', default: false } as const;
    const { values, positionals } = parseArgs({
      options: { json: flag, help: flag, rows: { type: 'string' }, only: { type: 'string' } },
      allowPositionals: true,
    });
    const unknown = positionals.find((name) => !names.includes(name));
    if (unknown !== undefined)
      return `there is no such benchmark: got "${unknown}"; allowed: ${names.join(', ')}`;
    if (values.rows !== undefined && !/^[1-9]\d*$/.test(values.rows))
      return `--rows is a number of rows: got "${values.rows}"; allowed: 1 and more`;
    return { ...values, names: positionals.length > 0 ? positionals : names };
  } catch (error) {
    return `${(error as Error).message}; see npm run bench -- --help`;
  }
}

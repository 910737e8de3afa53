import { existsSync, statSync } from 'node:fs';
import { addDays, today } from '../../functions/core/run/days.ts';
import type { Estate } from '../../infra/estate.ts';
import type { LoadedTable } from '../../twin/loaded-tables.ts';
import { warehouseFile } from '../../twin/warehouse-file.ts';
import { formatMegabytes } from './numbers.ts';

/** Where the embedded warehouses are. */
export function databaseLines({ warehouses }: Estate, root: string) {
  const found = Object.values(warehouses).flatMap((each) => {
    const file = warehouseFile(root, each);
    return file === undefined || !('path' in each) || !existsSync(file) ? [] : [{ ...each, file }];
  });
  const lines = found.map(({ kind, path, file }) => {
    const title = kind === 'duckdb' ? 'DuckDB file' : 'SQLite file';
    return `${title}: ${path} (${formatMegabytes(statSync(file).size)} MB)`;
  });
  return { files: found.map(({ path }) => path), lines };
}

/** Commands that work as they are: on the first table that holds rows, and on the first pipeline. */
export function nextCommands(
  { pipelines, stack, warehouses }: Estate,
  loaded: readonly LoadedTable[],
  now: Date,
): readonly string[] {
  const suffix = stack === 'local' ? '' : ` --stack ${stack}`;
  const byDays = pipelines.find(({ tables }) => tables.some(({ cursor }) => cursor.kind === 'window'));
  const pipeline = byDays ?? pipelines[0];
  const [table] = loaded;
  const isDuckdb = Object.values(warehouses).every(({ kind }) => kind === 'duckdb');
  const query = table?.query ?? (isDuckdb ? 'show all tables' : undefined);
  const day = addDays(today(now, pipeline?.groups[0]?.timeZone ?? 'UTC'), -1);
  const days = byDays === undefined ? '' : ` --from ${addDays(day, -6)} --to ${day}`;
  return [
    ...(query === undefined ? [] : [`query "${query}"`]),
    'status',
    `run ${pipeline?.name ?? ''} --group ${pipeline?.groups[0]?.name ?? ''}${days}`,
  ].map((command) => `npx catchment ${command}${suffix}`);
}

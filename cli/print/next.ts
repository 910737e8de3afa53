import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { addDays, today } from '../../functions/core/run/days.ts';
import type { Estate } from '../../infra/estate.ts';
import { formatMegabytes } from './numbers.ts';

/** Where the embedded warehouses are. */
export function databaseLines({ warehouses }: Estate, root: string) {
  const paths = Object.values(warehouses).flatMap((each) => (each.kind === 'duckdb' ? [each.path] : []));
  const files = paths.filter((path) => existsSync(resolve(root, path)));
  const lines = files.map(
    (file) => `DuckDB file: ${file} (${formatMegabytes(statSync(resolve(root, file)).size)} MB)`,
  );
  return { files, lines };
}

/** Three commands that work as they are: on the first table that holds rows, and on the first pipeline. */
export function nextCommands(
  { pipelines, stack }: Estate,
  loaded: readonly string[],
  now: Date,
): readonly string[] {
  const suffix = stack === 'local' ? '' : ` --stack ${stack}`;
  const byDays = pipelines.find(({ tables }) => tables.some(({ cursor }) => cursor.kind === 'window'));
  const pipeline = byDays ?? pipelines[0];
  const table = loaded[0];
  const day = addDays(today(now, pipeline?.groups[0]?.timeZone ?? 'UTC'), -1);
  const days = byDays === undefined ? '' : ` --from ${addDays(day, -6)} --to ${day}`;
  return [
    table === undefined ? 'query "show all tables"' : `query "from ${table} limit 10"`,
    'status',
    `run ${pipeline?.name ?? ''} --group ${pipeline?.groups[0]?.name ?? ''}${days}`,
  ].map((command) => `npx catchment ${command}${suffix}`);
}

import type { Command } from 'commander';
import { tablesOf } from '../../functions/core/pipeline.ts';
import type { GroupStatus, TableStatus } from '../../twin/status.ts';
import { type CommonOptions, createCommand } from '../command.ts';
import { formatAge, formatCount, formatPlural } from '../print/numbers.ts';

interface Options extends CommonOptions {
  readonly group?: string;
}

export function statusCommand(): Command {
  return createCommand({
    name: 'status',
    summary: 'Show the last run, the cursors, owed slices and quarantined rows of every group.',
    examples: [
      ['status', 'all pipelines of the local stack'],
      ['status tiktok-marketing --group demo', 'one group'],
      ['status --json', 'the same for programs'],
    ],
  })
    .argument('[pipeline]', 'only this pipeline')
    .option('--group <name>', 'only this group')
    .action(async (pipeline: string | undefined, options: Options) => {
      const { openTwin } = await import('../../twin/twin.ts');
      const { readStatus } = await import('../../twin/status.ts');
      const { selectTargets } = await import('../../twin/select.ts');
      const twin = await openTwin(options);
      const now = new Date();
      const groups: GroupStatus[] = [];
      try {
        for (const target of selectTargets(twin.estate, pipeline, options.group)) {
          const warehouse = await twin.openExisting(target.pipeline.warehouse);
          groups.push(warehouse === undefined ? neverRan(target) : await readStatus(warehouse, target, now));
        }
      } finally {
        await twin.close();
      }
      const { printJson, printLines, terminalWidth } = await import('../print/terminal.ts');
      if (options.json) return printJson({ stack: twin.estate.stack, groups });
      printLines(await statusLines(groups, now, terminalWidth()));
    });
}

function neverRan({
  pipeline,
  group,
}: Parameters<typeof import('../../twin/status.ts').readStatus>[1]): GroupStatus {
  const tables = tablesOf(pipeline).map(({ name }) => ({
    table: `${pipeline.dataset}.${name}`,
    through: undefined,
    daysBehind: undefined,
    loadedAt: undefined,
    owed: 0,
    quarantined: 0,
  }));
  return { pipeline: pipeline.name, group: group.name, lastRun: undefined, tables };
}

/** One table per group, under a line about its last run. */
export async function statusLines(
  groups: readonly GroupStatus[],
  now: Date,
  width: number,
): Promise<readonly string[]> {
  const { renderTable } = await import('../print/table.ts');
  const lines: string[] = [];
  for (const group of groups) {
    const rows = group.tables.map((table) => [
      table.table,
      table.through ?? '-',
      freshness(table, now),
      formatCount(table.owed),
      formatCount(table.quarantined),
    ]);
    const columns = [
      { title: 'table' },
      { title: 'through' },
      { title: 'freshness' },
      { title: 'owed slices', align: 'right' as const },
      { title: 'quarantined', align: 'right' as const },
    ];
    lines.push(`${group.pipeline}/${group.group}: ${lastRun(group, now)}`);
    lines.push(...renderTable({ columns, rows, width }).lines, '');
  }
  return lines.slice(0, -1);
}

function lastRun({ lastRun: run }: GroupStatus, now: Date): string {
  if (run === undefined) return 'never ran';
  const what = run.lane === 'backfill' ? 'backfill ' : '';
  const when = formatAge(now.getTime() - (run.finishedAt ?? run.startedAt).getTime());
  const until = run.resumeAt === undefined ? '' : ` until ${run.resumeAt.toISOString()}`;
  const error = run.error === undefined ? '' : `; ${run.error}`;
  return `${what}${run.status}${until} ${when}, ${formatPlural(run.rowsLoaded, 'row')} loaded${error}`;
}

function freshness({ through, daysBehind, loadedAt }: TableStatus, now: Date): string {
  if (loadedAt === undefined) return 'never loaded';
  if (through === undefined || daysBehind === undefined) return formatAge(now.getTime() - loadedAt.getTime());
  return daysBehind === 0 ? 'up to date' : `${formatPlural(daysBehind, 'day')} behind`;
}

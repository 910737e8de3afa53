import type { Pipeline } from '../../functions/core/pipeline.ts';
import type { OnRunEvent } from '../../functions/core/run/event.ts';
import type { RunSummary, TaskShare } from '../../functions/core/run/request.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import { type CounterPlace, counterPipeline } from '../crash/counter-run.ts';
import { columns, extract, source } from '../crash/counter-source.ts';

/** The clock of these tests. */
export const now = new Date('2026-11-12T06:00:00Z');

export const days = ['2026-11-07', '2026-11-08', '2026-11-09', '2026-11-10', '2026-11-11'];

/** Accounts, each of which gives two slices: four days and one. */
export function accountsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `a${index}`);
}

export interface TaskRun {
  readonly place: CounterPlace;
  readonly warehouse: Warehouse;
  readonly accounts: readonly string[];
  readonly share: TaskShare;
  readonly onEvent?: OnRunEvent;
  readonly now?: () => Date;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** One task of the counter pipeline, which appends: a slice that is done twice shows. */
export function runTask({ place, accounts, now: clock = () => now, ...rest }: TaskRun): Promise<RunSummary> {
  const pipeline = counterPipeline('append', place);
  const groups = pipeline.groups.map((group) => ({ ...group, settings: { accounts } }));
  const job: Pipeline = { ...pipeline, groups, runsOn: 'job', tasks: rest.share.count };
  return runPipeline({
    ...rest,
    pipeline: job,
    group: 'g',
    source,
    code: { extract: extract as never },
    schemas: { 'counter/rows': columns },
    secret: {},
    trigger: 'job',
    now: clock,
  });
}

/** Every row of the table as text, sorted. */
export async function rowsIn(warehouse: Warehouse, table: string): Promise<string[]> {
  const { rows } = await warehouse.query(`select day, id, value from ${table}`);
  return rows.map((row) => row.map(String).join(' ')).sort();
}

import type { WriteMode } from '../../functions/core/cursor.ts';
import type { Pipeline } from '../../functions/core/pipeline.ts';
import type { OnRunEvent } from '../../functions/core/run/event.ts';
import type { RunSummary } from '../../functions/core/run/request.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import { columns, extract, source } from './counter-source.ts';

/** The clock of the crash tests. */
export const now = new Date('2026-11-12T06:00:00Z');

/** First and last day that the runs load. */
export const firstDay = '2026-11-07';
export const lastDay = '2026-11-11';

export const accounts = ['a'];

/** The counter source with just the table of one write mode. */
export function counterPipeline(mode: WriteMode, path: string): Pipeline {
  return {
    name: 'counter',
    source: 'counter',
    warehouse: { name: 'main', kind: 'duckdb', path },
    dataset: 'crash',
    tables: [{ ...source.tables[mode], declared: mode, name: mode, schema: 'counter/rows' }],
    groups: [{ name: 'g', timeZone: 'UTC', sandbox: false, settings: { accounts } }],
    schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
    runsOn: 'function',
    since: firstDay,
  };
}

export function openCounter(path: string): Promise<Warehouse> {
  return openWarehouse({ name: 'main', kind: 'duckdb', path }, { root: '/' });
}

export function runCounter(options: {
  readonly mode: WriteMode;
  readonly path: string;
  readonly warehouse: Warehouse;
  readonly onEvent?: OnRunEvent;
  readonly now?: () => Date;
}): Promise<RunSummary> {
  const { mode, path, warehouse, onEvent } = options;
  return runPipeline({
    pipeline: counterPipeline(mode, path),
    group: 'g',
    source,
    code: { extract: extract as never },
    schemas: { 'counter/rows': columns },
    warehouse,
    secret: {},
    trigger: 'test',
    onEvent,
    now: options.now ?? (() => now),
  });
}

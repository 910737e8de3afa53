import type { WriteMode } from '../../functions/core/cursor.ts';
import type { Pipeline, WarehouseConfig } from '../../functions/core/pipeline.ts';
import type { OnRunEvent } from '../../functions/core/run/event.ts';
import type { RunSummary } from '../../functions/core/run/request.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import { openWarehouse } from '../../functions/core/warehouses/open.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import { columns, extract, source } from './counter-source.ts';

/** The clock of the crash tests. */
export const now = new Date('2026-11-12T06:00:00Z');

/** A lease of a dead process lasts its term on a warehouse that others write as well. */
export const afterTheTerm = () => new Date(now.getTime() + 11 * 60_000);

/** First and last day that the runs load. */
export const firstDay = '2026-11-07';
export const lastDay = '2026-11-11';

export const accounts = ['a'];

/** The counter pipeline's dataset. */
export const dataset = 'crash';

/** Where a counter run loads to. Goes to a child process as JSON. */
export interface CounterPlace {
  readonly config: WarehouseConfig;
  /** The warehouse's secret, for the kinds that have one. */
  readonly secret?: unknown;
}

/** The counter source with just the table of one write mode. */
export function counterPipeline(mode: WriteMode, { config }: CounterPlace): Pipeline {
  return {
    name: 'counter',
    source: 'counter',
    warehouse: config,
    dataset,
    tables: [{ ...source.tables[mode], declared: mode, name: mode, schema: 'counter/rows' }],
    groups: [{ name: 'g', timeZone: 'UTC', sandbox: false, settings: { accounts } }],
    schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
    runsOn: 'function',
    since: firstDay,
  };
}

/** The embedded warehouse in a file. */
export function duckdbPlace(path: string): CounterPlace {
  return { config: { name: 'main', kind: 'duckdb', path } };
}

export function openCounter({ config, secret }: CounterPlace): Promise<Warehouse> {
  return openWarehouse(config, { root: '/', dataset, secret });
}

export function runCounter(options: {
  readonly mode: WriteMode;
  readonly place: CounterPlace;
  readonly warehouse: Warehouse;
  readonly onEvent?: OnRunEvent;
  readonly now?: () => Date;
}): Promise<RunSummary> {
  const { mode, place, warehouse, onEvent } = options;
  return runPipeline({
    pipeline: counterPipeline(mode, place),
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

import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { DayWindow, WriteMode } from '../../cursor.ts';
import type { Row } from '../../extract.ts';
import type { CursorRecord, Lane, Lease, RunRecord, SliceRecord } from '../../ledger/ledger.ts';
import type { TableTarget } from '../../pipeline.ts';
import { createRowChecker } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';
import type { Commit, Outcome, Stage, Warehouse } from '../warehouse.ts';

export type OpenPlace = (place: string) => Promise<Warehouse>;

/** The process that runs the suite, and the clock of all its tests. */
export const thisProcess = 'p1';
export const now = new Date('2026-11-12T06:00:00.000Z');
export const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000);

const column = (name: string, type: Column['type'], mode: Column['mode'] = 'NULLABLE'): Column => ({
  name,
  type,
  mode,
});

/** A table of numbers by day and id. */
export function items(change: Partial<TableTarget> = {}): TableTarget {
  return {
    declared: 'items',
    name: 'items',
    schema: 'conformance/items',
    dataset: 'conformance',
    key: ['day', 'id'],
    writeMode: 'merge',
    cursor: { kind: 'window', lag: 1, lookback: 2, maxSpan: 7 },
    windowField: 'day',
    columns: [column('day', 'DATE'), column('id', 'STRING'), column('value', 'INTEGER')],
    ...change,
  };
}

export { column };

export interface Load {
  readonly rows: readonly Row[];
  readonly target?: TableTarget;
  readonly mode?: WriteMode;
  readonly origin?: string;
  readonly window?: DayWindow;
  readonly slice?: string;
  readonly cursor?: string;
  readonly lease?: Lease;
}

/** A warehouse with a lease, and the shortest ways to load and look. */
export interface Bench {
  readonly place: string;
  readonly warehouse: Warehouse;
  readonly lease: Lease;
  /** Prepares, stages and commits. */
  load(load: Load): Promise<Outcome>;
  stage(load: Load): Promise<Stage>;
  commitOf(stages: readonly Stage[], load: Load): Commit;
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** All items as `day id value`, by day and id. */
  items(): Promise<readonly string[]>;
}

export async function openBench(open: OpenPlace): Promise<Bench> {
  const place = randomUUID();
  const warehouse = await open(place);
  onTestFinished(() => warehouse.close());
  const lease = await acquire(warehouse, {});

  const stage: Bench['stage'] = async ({ rows, target = items(), origin = 'a' }) => {
    await warehouse.prepare([target]);
    const opened = await warehouse.openStage(target, origin);
    const { batch, quarantined } = createRowChecker(target.columns, { origin }).check(rows);
    if (quarantined.length > 0) throw new Error(`a row of the test is bad: ${JSON.stringify(quarantined)}`);
    await opened.append(batch);
    return opened;
  };
  const commitOf: Bench['commitOf'] = (stages, load) => ({
    lease: load.lease ?? lease,
    tables: stages.map((each) => ({ stage: each, writeMode: load.mode ?? each.target.writeMode })),
    origin: load.origin ?? 'a',
    window: load.window,
    slice: sliceRecord({ sliceId: load.slice ?? randomUUID(), window: load.window }),
    cursor: load.cursor === undefined ? undefined : cursorRecord(load.cursor),
    quarantined: [],
    drift: [],
    now,
  });
  const rows: Bench['rows'] = async (sql) => (await warehouse.query(sql)).rows;
  return {
    place,
    warehouse,
    lease,
    stage,
    commitOf,
    rows,
    async load(load) {
      const staged = await stage(load);
      const [outcome] = await warehouse.commit(commitOf([staged], load));
      await staged.discard();
      if (outcome === undefined) throw new Error('the commit told no outcome');
      return outcome;
    },
    items: async () =>
      (await rows('select day, id, value from conformance.items order by day, id, value')).map((row) =>
        row.map(String).join(' '),
      ),
  };
}

export function acquire(
  warehouse: Warehouse,
  {
    run = 'r1',
    process = thisProcess,
    at = now,
    lane = 'incremental',
  }: { run?: string; process?: string; at?: Date; lane?: Lane },
): Promise<Lease> {
  return warehouse.ledger.acquire({
    pipeline: 'pipe',
    group: 'g',
    lane,
    holder: `${process}/${run}`,
    process,
    termMs: 600_000,
    now: at,
  });
}

export function sliceRecord(change: Partial<SliceRecord>): SliceRecord {
  return {
    pipeline: 'pipe',
    group: 'g',
    lane: 'incremental',
    sliceId: 's1',
    table: 'items',
    origin: 'a',
    window: undefined,
    generation: undefined,
    status: 'committed',
    runId: 'r1',
    rowsRead: 0,
    rowsLoaded: 0,
    rowsQuarantined: 0,
    sourceRows: undefined,
    error: undefined,
    at: now,
    ...change,
  };
}

export function cursorRecord(value: string): CursorRecord {
  return { pipeline: 'pipe', group: 'g', lane: 'incremental', table: 'items', origin: 'a', value, at: now };
}

export function runRecord(change: Partial<RunRecord>): RunRecord {
  return {
    runId: 'r1',
    pipeline: 'pipe',
    group: 'g',
    lane: 'incremental',
    trigger: 'test',
    status: 'succeeded',
    startedAt: now,
    finishedAt: undefined,
    resumeAt: undefined,
    slicesPlanned: 0,
    slicesDone: 0,
    slicesFailed: 0,
    rowsRead: 0,
    rowsLoaded: 0,
    rowsUnchanged: 0,
    rowsQuarantined: 0,
    bytes: 0,
    apiCalls: 0,
    waitedMs: 0,
    error: undefined,
    ...change,
  };
}

import type { DayWindow, WindowCursor } from '../cursor.ts';
import { fatal } from '../errors.ts';
import type { FoundObject } from '../extract.ts';
import type { Lane, LaneState, SliceRecord } from '../ledger/ledger.ts';
import type { PipelineTable } from '../pipeline.ts';
import { addDays, cut, subtract, subtractMonths } from './days.ts';
import type { WatermarkPlan } from './plan-watermark.ts';
import { planWatermark } from './plan-watermark.ts';
import type { Slice } from './slice.ts';

export interface PlanRequest {
  readonly where: string;
  readonly table: PipelineTable;
  /** Accounts; `['-']` for a group that is one account. */
  readonly origins: readonly string[];
  readonly state: LaneState;
  readonly lane: Lane;
  /** The group's day, `YYYY-MM-DD`. */
  readonly today: string;
  readonly now: Date;
  /** First day of the very first run. @default the seven days up to the newest one the vendor has */
  readonly since?: string | undefined;
  /** Days that a person asked for, instead of what the cursor says. */
  readonly window?: DayWindow | undefined;
  /** What `discover` found, for tables with an `objects` cursor. */
  readonly objects?: readonly FoundObject[] | undefined;
  /** For tables with a `watermark` cursor. */
  readonly watermark?: WatermarkPlan | undefined;
}

export interface SlicePlan {
  readonly slices: readonly Slice[];
  /** Why nothing, or less than one might expect, is to be done; for people. */
  readonly skipped: readonly string[];
  /** What could not be planned; it fails like a slice, and the rest goes on. @default nothing */
  readonly failed?: readonly FailedPlan[] | undefined;
}

/** Work that is known, but cannot be done. */
export interface FailedPlan {
  readonly slice: Slice;
  /** Redacted. */
  readonly error: string;
}

/** Cuts the work of one table into slices. Pure: the same state, day and declaration give the same slices. */
export function planSlices(request: PlanRequest): SlicePlan {
  switch (request.table.cursor.kind) {
    case 'window':
      return planWindows(request, request.table.cursor);
    case 'snapshot':
      return planSnapshot(request);
    case 'objects':
      return planObjects(request);
    case 'watermark': {
      const plan = planWatermark(request.table, request.watermark ?? { ranges: [] });
      const nothing = plan.slices.length === 0 ? [`${request.table.name}: no row is newer`] : [];
      return { ...plan, skipped: [...plan.skipped, ...nothing] };
    }
    case 'log':
      throw fatal('internal', { where: request.where, what: 'a log is not cut into slices beforehand' });
  }
}

function planWindows(request: PlanRequest, cursor: WindowCursor): SlicePlan {
  const plans = request.origins.map((origin) => planOrigin(request, cursor, origin));
  return { slices: plans.flatMap((plan) => plan.slices), skipped: plans.flatMap((plan) => plan.skipped) };
}

function planOrigin(request: PlanRequest, cursor: WindowCursor, origin: string): SlicePlan {
  const { table, state, today, now, window } = request;
  const rereadAfterMs = (cursor.rereadAfterHours ?? 20) * 3_600_000;
  const isFresh = (slice: SliceRecord) => now.getTime() - slice.at.getTime() < rereadAfterMs;
  const own = state.slices.filter((slice) => slice.table === table.declared && slice.origin === origin);
  const isAppend = table.writeMode === 'append';
  const committed = own.filter((slice) => slice.status === 'committed');

  if (window !== undefined) {
    // A backfill that was cut off goes on where it stopped; one that ended well is read again when asked again.
    const isResumed = state.lastRun !== undefined && state.lastRun.status !== 'succeeded';
    const done = committed.filter(
      (slice) => isAppend || (isResumed && slice.lane === 'backfill' && isFresh(slice)),
    );
    const slices = subtract(window, windowsOf(done)).flatMap((part) =>
      slicesOf(table, origin, cut(part, cursor.maxSpan)),
    );
    const skipped =
      slices.length === 0
        ? [`${table.name}: ${window.start} to ${window.end} of ${origin} is loaded already`]
        : [];
    return { slices, skipped };
  }

  const target = addDays(today, -cursor.lag);
  const reached = state.cursors.find((record) => record.table === table.declared && record.origin === origin);
  const isReread = reached !== undefined && now.getTime() - reached.at.getTime() < rereadAfterMs;
  const owed = own.filter((slice) => slice.status === 'failed' && slice.lane === 'incremental');
  if (reached !== undefined && reached.value >= target && isReread && owed.length === 0) {
    const again = new Date(reached.at.getTime() + rereadAfterMs).toISOString().slice(0, 16).replace('T', ' ');
    const reread =
      cursor.lookback > 0 ? `; its last ${cursor.lookback} days are read again after ${again} UTC` : '';
    return {
      slices: [],
      skipped: [`${table.name} of ${origin} is up to date through ${reached.value}${reread}`],
    };
  }
  const start =
    reached === undefined
      ? (request.since ?? addDays(target, -6))
      : addDays(reached.value, 1 - cursor.lookback);
  // Windows beyond the cursor exist when an earlier slice of a run failed: they are loaded, only not counted yet.
  const done = committed.filter(
    (slice) =>
      isAppend ||
      (slice.lane === 'incremental' && isFresh(slice) && (slice.window?.end ?? '') > (reached?.value ?? '')),
  );
  const owedSlices = slicesOf(table, origin, windowsOf(owed));
  const range = { start, end: target };
  const rest = start > target ? [] : subtract(range, [...windowsOf(done), ...windowsOf(owed)]);
  return {
    slices: [...owedSlices, ...rest.flatMap((part) => slicesOf(table, origin, cut(part, cursor.maxSpan)))],
    skipped: [],
  };
}

function planSnapshot({ table, origins, today }: PlanRequest): SlicePlan {
  // A replaced table is swapped whole, so one slice reads all accounts.
  const readers = table.writeMode === 'replace' ? ['-'] : origins;
  // An appended snapshot is kept once a day; any other overwrites itself.
  const version = table.writeMode === 'append' ? today : 'snapshot';
  return {
    slices: readers.map((origin) => ({
      id: `${table.declared}/${origin}/${version}`,
      table: table.declared,
      origin,
      options: table.options,
    })),
    skipped: [],
  };
}

function planObjects({ where, table, state, objects = [] }: PlanRequest): SlicePlan {
  const present = objects.filter(({ gone }) => gone === undefined);
  checkObjects(where, table, objects, present);
  const newest = newestObjects(state, table);
  const slices: Slice[] = [];
  const unchanged: string[] = [];
  const kept: string[] = [];
  for (const { origin, generation, bytes, gone } of objects) {
    if (gone === 'keep') kept.push(origin);
    else if (newest.get(origin)?.generation === generation) unchanged.push(origin);
    else
      slices.push({
        id: `${table.declared}/${origin}/${generation}`,
        table: table.declared,
        origin,
        object: { generation, bytes },
        options: table.options,
      });
  }
  return {
    slices,
    skipped: [
      ...sayOf(unchanged, table, 'has not changed', 'have not changed'),
      ...sayOf(kept, table, 'is gone; its rows stay', 'are gone; their rows stay'),
    ],
  };
}

/** The last commit of each object of a table. */
export function newestObjects(
  state: LaneState,
  { declared }: Pick<PipelineTable, 'declared'>,
): ReadonlyMap<string, SliceRecord> {
  const newest = new Map<string, SliceRecord>();
  for (const slice of state.slices) {
    if (slice.table !== declared || slice.status !== 'committed') continue;
    if (slice.at.getTime() >= (newest.get(slice.origin)?.at.getTime() ?? 0)) newest.set(slice.origin, slice);
  }
  return newest;
}

function checkObjects(
  where: string,
  table: PipelineTable,
  objects: readonly FoundObject[],
  present: readonly FoundObject[],
): void {
  if (table.writeMode === 'replace' && present.length > 1)
    throw fatal('bad-input', {
      where,
      what: `table "${table.name}" is replaced by each object, but there are several`,
      got: present.slice(0, namedObjects).map(({ origin }) => origin),
      todo: 'use writeMode replaceWindow, or name one object',
    });
  if (table.writeMode !== 'replaceWindow' && objects.some(({ gone }) => gone === 'remove'))
    throw fatal('bad-input', {
      where,
      what: `table "${table.name}" cannot remove the rows of an object that is gone`,
      got: table.writeMode,
      allowed: ['replaceWindow'],
      todo: 'only then it is known which rows came from which object; use that writeMode, or keep the rows',
    });
}

/** Beyond these, objects are counted. */
const namedObjects = 10;

function sayOf(origins: readonly string[], { name }: PipelineTable, one: string, many: string): string[] {
  if (origins.length <= namedObjects) return origins.map((origin) => `${name}: ${origin} ${one}`);
  return [`${name}: ${origins.length} objects ${many}`];
}

function slicesOf(table: PipelineTable, origin: string, windows: readonly DayWindow[]): Slice[] {
  return windows.map((window) => ({
    id: `${table.declared}/${origin}/${window.start}..${window.end}`,
    table: table.declared,
    origin,
    window,
    options: table.options,
  }));
}

function windowsOf(slices: readonly SliceRecord[]): DayWindow[] {
  return slices.flatMap(({ window }) => (window === undefined ? [] : [window]));
}

/** The window of a backfill of whole months: up to the newest day the vendor has. */
export function backfillWindow(months: number, today: string, lag: number): DayWindow {
  const end = addDays(today, -lag);
  return { start: subtractMonths(today, months), end };
}

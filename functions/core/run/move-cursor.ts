import type { DayWindow } from '../cursor.ts';
import type { CursorRecord, Lane, LaneState } from '../ledger/ledger.ts';
import { addDays, coveredThrough } from './days.ts';
import { isBefore } from './plan-watermark.ts';
import type { Slice } from './slice.ts';

export interface CursorMover {
  /**
   * The cursor that is true once this slice is committed: the last day without a hole before it. Undefined for
   * slices that have no cursor, and for runs on the backfill lane.
   */
  after(slice: Slice, now: Date): CursorRecord | undefined;
  /** To be called when the commit has succeeded. */
  committed(slice: Slice): void;
}

/**
 * Follows the cursors of one run. A cursor never passes a slice that is missing, so it is never ahead of the data;
 * its time stays old until the last slice of its origin is in, so days that a killed run did not read again are read
 * by the next one.
 */
export function createCursorMover(options: {
  readonly pipeline: string;
  readonly group: string;
  readonly lane: Lane;
  readonly state: LaneState;
  readonly slices: readonly Slice[];
}): CursorMover {
  const { pipeline, group, lane, state, slices } = options;
  const pending = new Set(slices.map((slice) => slice.id));
  const loaded = new Map<string, DayWindow[]>();
  for (const slice of state.slices) {
    if (slice.status !== 'committed' || slice.window === undefined) continue;
    push(loaded, `${slice.table}\n${slice.origin}`, slice.window);
  }

  return {
    after(slice, now) {
      if (lane === 'incremental' && slice.range !== undefined) {
        const { table, origin, range } = slice;
        if (range.to === undefined) return undefined;
        const known = state.cursors.find((each) => each.table === table && each.origin === origin);
        // What is read again by the lookback ends before the cursor, which never goes back.
        const isBehind = known !== undefined && !range.isReload && isBefore(range.to, known.value);
        return { pipeline, group, lane, table, origin, value: isBehind ? known.value : range.to, at: now };
      }
      if (lane !== 'incremental' || slice.window === undefined) return undefined;
      const known = state.cursors.find(
        ({ table, origin }) => table === slice.table && origin === slice.origin,
      );
      const mine = slices.filter(({ table, origin }) => table === slice.table && origin === slice.origin);
      const isLast = mine.every(({ id }) => id === slice.id || !pending.has(id));
      const first = mine.reduce(
        (day, { window }) => (window !== undefined && window.start < day ? window.start : day),
        '9999',
      );
      const windows = [...(loaded.get(`${slice.table}\n${slice.origin}`) ?? []), slice.window];
      // Without a cursor the first planned day is where the table begins; with one, everything up to it is loaded.
      const through = coveredThrough(
        known === undefined ? first : addDays(known.value, 1),
        windows.filter(({ end }) => known === undefined || end > known.value),
      );
      const value = known !== undefined && known.value > through ? known.value : through;
      if (known === undefined && value < first) return undefined;
      return {
        pipeline,
        group,
        lane,
        table: slice.table,
        origin: slice.origin,
        value,
        at: isLast ? now : (known?.at ?? new Date(0)),
      };
    },
    committed(slice) {
      pending.delete(slice.id);
      if (slice.window !== undefined) push(loaded, `${slice.table}\n${slice.origin}`, slice.window);
    },
  };
}

function push(map: Map<string, DayWindow[]>, key: string, window: DayWindow): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [window]);
  else list.push(window);
}

import { describe, expect, it } from 'vitest';
import type { Cursor, WriteMode } from '../cursor.ts';
import type { CursorRecord, LaneState, RunRecord, SliceRecord } from '../ledger/ledger.ts';
import type { PlanRequest } from './plan-slices.ts';
import { backfillWindow, planSlices } from './plan-slices.ts';

const now = new Date('2026-11-20T06:00:00Z');
const yesterday = new Date('2026-11-19T06:00:00Z');

describe('planSlices with a window cursor', () => {
  it('begins with the seven newest days the vendor has', () => {
    expect(ids(plan({}))).toEqual(['report/a/2026-11-13..2026-11-19']);
  });

  it('begins at `since` when the stack file names it, in windows the vendor takes', () => {
    const slices = plan({ since: '2026-09-01' });
    expect(ids(slices)).toEqual([
      'report/a/2026-09-01..2026-09-03',
      'report/a/2026-09-04..2026-10-03',
      'report/a/2026-10-04..2026-11-02',
      'report/a/2026-11-03..2026-11-19',
    ]);
  });

  it('goes on after the cursor and reads the restated days before it again', () => {
    const state = stateOf({ cursors: [cursorAt('2026-11-18', yesterday)] });
    expect(ids(plan({ state }))).toEqual(['report/a/2026-11-12..2026-11-19']);
  });

  it('does nothing when the days were read a few hours ago, and says when they are read again', () => {
    const state = stateOf({ cursors: [cursorAt('2026-11-19', new Date('2026-11-20T03:00:00Z'))] });
    const planned = planSlices(request({ state }));
    expect(planned.slices).toEqual([]);
    expect(planned.skipped).toEqual([
      'REPORT of a is up to date through 2026-11-19; its last 7 days are read again after 2026-11-20 23:00 UTC',
    ]);
  });

  it('takes the slices that failed first, under their old ids', () => {
    const state = stateOf({
      cursors: [cursorAt('2026-11-10', yesterday)],
      slices: [sliceRecord('2026-11-15', '2026-11-16', 'failed')],
    });
    expect(ids(plan({ state }))).toEqual([
      'report/a/2026-11-15..2026-11-16',
      'report/a/2026-11-04..2026-11-14',
      'report/a/2026-11-17..2026-11-19',
    ]);
  });

  it('does not read again what a partial run loaded beyond the cursor', () => {
    const state = stateOf({
      cursors: [cursorAt('2026-11-10', yesterday)],
      slices: [
        sliceRecord('2026-11-11', '2026-11-14', 'failed'),
        sliceRecord('2026-11-15', '2026-11-19', 'committed'),
      ],
    });
    expect(ids(plan({ state }))).toEqual([
      'report/a/2026-11-11..2026-11-14',
      'report/a/2026-11-04..2026-11-10',
    ]);
  });

  it('loads exactly the days that a person names', () => {
    const window = { start: '2026-10-01', end: '2026-10-31' };
    const state = stateOf({ cursors: [cursorAt('2026-11-19', now)] });
    expect(ids(plan({ lane: 'backfill', window, state }))).toEqual([
      'report/a/2026-10-01..2026-10-03',
      'report/a/2026-10-04..2026-10-31',
    ]);
  });

  it('goes on where a backfill was cut off, and reads all again when the last one ended well', () => {
    const window = { start: '2026-10-01', end: '2026-10-31' };
    const slices = [sliceRecord('2026-10-01', '2026-10-03', 'committed', 'backfill')];
    const cutOff = stateOf({ slices, lastRun: { status: 'crashed' } as RunRecord });
    const ended = stateOf({ slices, lastRun: { status: 'succeeded' } as RunRecord });
    expect(ids(plan({ lane: 'backfill', window, state: cutOff }))).toEqual([
      'report/a/2026-10-04..2026-10-31',
    ]);
    expect(ids(plan({ lane: 'backfill', window, state: ended }))).toHaveLength(2);
  });

  it('never appends days that any run has appended', () => {
    const window = { start: '2026-10-01', end: '2026-10-10' };
    const slices = [sliceRecord('2026-10-03', '2026-10-05', 'committed')];
    const state = stateOf({ slices });
    expect(ids(plan({ lane: 'backfill', window, state, writeMode: 'append' }))).toEqual([
      'report/a/2026-10-01..2026-10-02',
      'report/a/2026-10-06..2026-10-10',
    ]);
  });

  it('computes the window of a backfill of months up to the newest day the vendor has', () => {
    expect(backfillWindow(6, '2026-11-20', 1)).toEqual({ start: '2026-05-20', end: '2026-11-19' });
  });
});

describe('planSlices with a snapshot cursor', () => {
  const cursor: Cursor = { kind: 'snapshot' };
  it('reads every account once', () => {
    expect(ids(plan({ cursor, writeMode: 'merge', origins: ['a', 'b'] }))).toEqual([
      'report/a/snapshot',
      'report/b/snapshot',
    ]);
  });
  it('reads all accounts in one slice when the table is swapped whole', () => {
    expect(ids(plan({ cursor, writeMode: 'replace', origins: ['a', 'b'] }))).toEqual(['report/-/snapshot']);
  });
  it('appends a snapshot once a day', () => {
    expect(ids(plan({ cursor, writeMode: 'append' }))).toEqual(['report/a/2026-11-20']);
  });
});

describe('planSlices with an objects cursor', () => {
  const cursor: Cursor = { kind: 'objects' };
  const objects = [
    { origin: 'a.csv', generation: '2', bytes: 10 },
    { origin: 'b.csv', generation: '1', bytes: 10 },
  ];
  it('reads objects that are new or have changed, and names the others', () => {
    const state = stateOf({ slices: [objectRecord('a.csv', '1'), objectRecord('b.csv', '1')] });
    const planned = planSlices(request({ cursor, objects, state, writeMode: 'replaceWindow' }));
    expect(ids(planned.slices)).toEqual(['report/a.csv/2']);
    expect(planned.skipped).toEqual(['REPORT: b.csv has not changed']);
  });
  it('reads an object again that went back to an older generation', () => {
    const older = { ...objectRecord('a.csv', '2'), at: yesterday };
    const state = stateOf({ slices: [older, objectRecord('a.csv', '3'), objectRecord('b.csv', '1')] });
    expect(ids(plan({ cursor, objects, state, writeMode: 'replaceWindow' }))).toEqual(['report/a.csv/2']);
  });
  it('refuses to replace one table by several objects', () => {
    expect(() => plan({ cursor, objects, writeMode: 'replace' })).toThrow(
      '[p/g] table "REPORT" is replaced by each object, but there are several: got ["a.csv","b.csv"]; use writeMode replaceWindow, or name one object',
    );
  });
});

interface Wish extends Partial<Omit<PlanRequest, 'table'>> {
  readonly cursor?: Cursor;
  readonly writeMode?: WriteMode;
}

function request({ cursor, writeMode, ...rest }: Wish): PlanRequest {
  return {
    where: 'p/g',
    table: {
      declared: 'report',
      name: 'REPORT',
      schema: 's/report',
      key: ['day'],
      windowField: 'day',
      writeMode: writeMode ?? 'replaceWindow',
      cursor: cursor ?? { kind: 'window', lag: 1, lookback: 7, maxSpan: 30 },
    },
    origins: ['a'],
    state: stateOf({}),
    lane: 'incremental',
    today: '2026-11-20',
    now,
    ...rest,
  };
}

function plan(wish: Wish) {
  return planSlices(request(wish)).slices;
}

function ids(slices: readonly { readonly id: string }[]): string[] {
  return slices.map(({ id }) => id);
}

function stateOf(state: Partial<LaneState>): LaneState {
  return { cursors: [], slices: [], ...state };
}

function cursorAt(value: string, at: Date): CursorRecord {
  return { pipeline: 'p', group: 'g', lane: 'incremental', table: 'report', origin: 'a', value, at };
}

function sliceRecord(
  start: string,
  end: string,
  status: SliceRecord['status'],
  lane: SliceRecord['lane'] = 'incremental',
): SliceRecord {
  return {
    pipeline: 'p',
    group: 'g',
    lane,
    sliceId: `report/a/${start}..${end}`,
    table: 'report',
    origin: 'a',
    window: { start, end },
    status,
    runId: 'r',
    rowsRead: 0,
    rowsLoaded: 0,
    rowsQuarantined: 0,
    at: new Date('2026-11-20T00:00:00Z'),
  };
}

function objectRecord(origin: string, generation: string): SliceRecord {
  const { window: _, ...record } = sliceRecord('2026-11-01', '2026-11-01', 'committed');
  return { ...record, sliceId: `report/${origin}/${generation}`, origin, generation };
}

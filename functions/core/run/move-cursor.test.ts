import { describe, expect, it } from 'vitest';
import type { LaneState } from '../ledger/ledger.ts';
import { createCursorMover } from './move-cursor.ts';
import type { Slice } from './slice.ts';

const now = new Date('2026-11-20T06:00:00Z');
const before = new Date('2026-11-19T06:00:00Z');

describe('createCursorMover', () => {
  it('moves to the end of each slice in turn and takes the time of the last one', () => {
    const [first, second] = [slice('2026-11-01', '2026-11-05'), slice('2026-11-06', '2026-11-09')];
    const mover = moverOf([first, second]);
    expect(mover.after(first, now)).toMatchObject({ value: '2026-11-05', at: new Date(0) });
    mover.committed(first);
    expect(mover.after(second, now)).toMatchObject({ value: '2026-11-09', at: now });
  });

  it('never passes a slice that failed', () => {
    const [first, second, third] = [
      slice('2026-11-01', '2026-11-05'),
      slice('2026-11-06', '2026-11-09'),
      slice('2026-11-10', '2026-11-12'),
    ];
    const mover = moverOf([first, second, third]);
    mover.committed(first);
    expect(mover.after(third, now)).toMatchObject({ value: '2026-11-05', at: new Date(0) });
  });

  it('stays unset while the very first slice is missing', () => {
    const [first, second] = [slice('2026-11-01', '2026-11-05'), slice('2026-11-06', '2026-11-09')];
    expect(moverOf([first, second]).after(second, now)).toBeUndefined();
  });

  it('jumps over days that an earlier run loaded beyond the hole', () => {
    const owed = slice('2026-11-06', '2026-11-09');
    const mover = moverOf([owed], { value: '2026-11-05', loaded: slice('2026-11-10', '2026-11-19') });
    expect(mover.after(owed, now)).toMatchObject({ value: '2026-11-19', at: now });
  });

  it('keeps its place when only older days were read again', () => {
    const again = slice('2026-11-06', '2026-11-09');
    expect(moverOf([again], { value: '2026-11-19' }).after(again, now)).toMatchObject({
      value: '2026-11-19',
      at: now,
    });
  });

  it('keeps its old time until the last slice of its origin is in', () => {
    const [first, second] = [slice('2026-11-06', '2026-11-09'), slice('2026-11-10', '2026-11-19')];
    expect(moverOf([first, second], { value: '2026-11-19' }).after(first, now)).toMatchObject({ at: before });
  });

  it('does not exist on the backfill lane', () => {
    const only = slice('2026-10-01', '2026-10-31');
    const mover = createCursorMover({
      pipeline: 'p',
      group: 'g',
      lane: 'backfill',
      state: { cursors: [], slices: [] },
      slices: [only],
    });
    expect(mover.after(only, now)).toBeUndefined();
  });
});

function slice(start: string, end: string): Slice {
  return { id: `t/a/${start}..${end}`, table: 't', origin: 'a', window: { start, end } };
}

function moverOf(slices: readonly Slice[], known?: { readonly value: string; readonly loaded?: Slice }) {
  const lane = 'incremental' as const;
  const cursor = { pipeline: 'p', group: 'g', lane, table: 't', origin: 'a' };
  const state: LaneState = {
    cursors: known === undefined ? [] : [{ ...cursor, value: known.value, at: before }],
    slices:
      known?.loaded === undefined
        ? []
        : [
            {
              ...cursor,
              sliceId: known.loaded.id,
              window: known.loaded.window,
              status: 'committed',
              runId: 'r',
              rowsRead: 1,
              rowsLoaded: 1,
              rowsQuarantined: 0,
              at: before,
            },
          ],
  };
  return createCursorMover({ pipeline: 'p', group: 'g', lane, state, slices });
}

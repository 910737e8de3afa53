import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LaneState, SliceRecord } from '../ledger/ledger.ts';
import type { Slice } from './slice.ts';
import { cursorsAfter, ownSlices, taskRunId } from './task-slices.ts';

const execution = 'etl-counter-x7k2p';
const now = new Date('2026-11-12T06:00:00Z');
const lane = { pipeline: 'counter', group: 'g', lane: 'incremental' } as const;

const slicesOf = (count: number): Slice[] =>
  Array.from({ length: count }, (_, index) => ({ id: `t/a/${index}`, table: 't', origin: 'a' }));

function committed(slice: Slice, runId: string): SliceRecord {
  const { id: sliceId, table, origin, window } = slice;
  const rows = { rowsRead: 1, rowsLoaded: 1, rowsQuarantined: 0 };
  return { ...lane, ...rows, sliceId, table, origin, window, status: 'committed', runId, at: now };
}

it('gives every slice to exactly one task, for any number of slices and tasks', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.integer({ min: 1, max: 40 }), (slices, count) => {
      const plan = slicesOf(slices);
      const parts = Array.from({ length: count }, (_, index) =>
        ownSlices(plan, { execution, index, count }, []),
      );
      const all = parts.flat().map(({ id }) => id);
      expect(all.length).toBe(plan.length);
      expect(new Set(all)).toEqual(new Set(plan.map(({ id }) => id)));
    }),
  );
});

it('leaves a retried task what its first attempt and nobody else has not committed', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('own', 'other execution', 'not'), { maxLength: 60 }),
      fc.integer({ min: 1, max: 8 }),
      (fates, count) => {
        const plan = slicesOf(fates.length);
        const records = plan.flatMap((slice, index) => {
          if (fates[index] === 'not') return [];
          const by = fates[index] === 'own' ? execution : 'etl-counter-older';
          return [committed(slice, taskRunId({ execution: by, index: index % count, count }))];
        });
        const left = Array.from({ length: count }, (_, index) =>
          ownSlices(plan, { execution, index, count }, records),
        ).flat();
        const wanted = plan.filter((_, index) => fates[index] !== 'own');
        expect(new Set(left)).toEqual(new Set(wanted));
      },
    ),
  );
});

it('never moves a cursor past a range that is missing, whichever tasks have died', () => {
  const ranges = (count: number): Slice[] =>
    Array.from({ length: count }, (_, index) => ({
      id: `t/-/${index}`,
      table: 't',
      origin: '-',
      range: { from: String(index * 10), to: String(index * 10 + 9) },
    }));
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (isDone) => {
      const plan = ranges(isDone.length);
      const slices = plan.flatMap((slice, index) =>
        isDone[index] ? [committed(slice, `${execution}/0`)] : [],
      );
      const state: LaneState = { cursors: [], slices };
      const share = { execution, index: 0, count: 3 };
      const cursors = cursorsAfter(plan, share, { ...lane, state, slices: plan }, state, now);
      const hole = isDone.indexOf(false);
      const last = hole === -1 ? isDone.length : hole;
      expect(cursors.map(({ value }) => value)).toEqual(last === 0 ? [] : [String(last * 10 - 1)]);
    }),
  );
});

it('moves a cursor of days through the last one without a hole before it', () => {
  const day = (number: number) => `2026-11-${String(number).padStart(2, '0')}`;
  const plan = [1, 2, 3, 4].map(
    (number): Slice => ({
      id: `t/a/${number}`,
      table: 't',
      origin: 'a',
      window: { start: day(number), end: day(number) },
    }),
  );
  const cursorAfter = (numbers: readonly number[]) => {
    const slices = plan
      .filter((_, index) => numbers.includes(index + 1))
      .map((slice) => committed(slice, `${execution}/1`));
    const state: LaneState = { cursors: [], slices };
    const share = { execution, index: 0, count: 2 };
    return cursorsAfter(plan, share, { ...lane, state, slices: plan }, state, now)[0]?.value;
  };
  expect([cursorAfter([1, 2, 3, 4]), cursorAfter([1, 2, 4]), cursorAfter([2, 3, 4])]).toEqual([
    '2026-11-04',
    '2026-11-02',
    undefined,
  ]);
});

import { describe, expect, it } from 'vitest';
import type { FoundObject } from '../extract.ts';
import { goneGeneration } from '../extract.ts';
import type { SliceRecord } from '../ledger/ledger.ts';
import type { PipelineTable } from '../pipeline.ts';
import { newestObjects, planSlices } from './plan-slices.ts';

const table: PipelineTable = {
  declared: 't',
  name: 't',
  schema: 'files/t',
  key: [],
  writeMode: 'replaceWindow',
  cursor: { kind: 'objects' },
};

function committed(origin: string, generation: string, minute: number): SliceRecord {
  return {
    pipeline: 'p',
    group: 'g',
    lane: 'incremental',
    sliceId: `t/${origin}/${generation}`,
    table: 't',
    origin,
    generation,
    status: 'committed',
    runId: 'r',
    rowsRead: 1,
    rowsLoaded: 1,
    rowsQuarantined: 0,
    at: new Date(Date.UTC(2026, 10, 20, 6, minute)),
  };
}

function plan(objects: readonly FoundObject[], slices: readonly SliceRecord[] = [], changes = {}) {
  const state = { slices, cursors: [], lastRun: undefined };
  const now = new Date('2026-11-20T07:00:00Z');
  return planSlices({
    where: 'p/g',
    table: { ...table, ...changes },
    origins: ['-'],
    state,
    lane: 'incremental',
    today: '2026-11-20',
    now,
    objects,
  });
}

const present = (origin: string, generation = '1'): FoundObject => ({ origin, generation, bytes: 1 });
const gone = (origin: string, how: 'keep' | 'remove'): FoundObject => ({
  origin,
  generation: goneGeneration,
  bytes: 0,
  gone: how,
});

describe('objects that are gone', () => {
  it('are told when their rows stay, and need no work', () => {
    expect(plan([present('a'), gone('b', 'keep')], [committed('a', '1', 0)])).toEqual({
      slices: [],
      skipped: ['t: a has not changed', 't: b is gone; its rows stay'],
    });
  });

  it('are a slice of nothing when their rows go too, once', () => {
    const { slices } = plan([gone('b', 'remove')], [committed('b', '1', 0)]);
    expect(slices).toMatchObject([{ id: 't/b/gone', origin: 'b', object: { generation: 'gone', bytes: 0 } }]);
    const after = [committed('b', '1', 0), committed('b', goneGeneration, 1)];
    expect(plan([gone('b', 'remove')], after).slices).toEqual([]);
    expect([...newestObjects({ slices: after, cursors: [], lastRun: undefined }, table).keys()]).toEqual([
      'b',
    ]);
  });

  it('are read again when they come back, even as they were', () => {
    const before = [committed('b', '1', 0), committed('b', goneGeneration, 1)];
    expect(plan([present('b')], before).slices).toMatchObject([{ id: 't/b/1' }]);
  });

  it('cannot take rows along that nobody knows to be theirs', () => {
    expect(() => plan([gone('b', 'remove')], [], { writeMode: 'merge', key: ['id'] })).toThrow(
      '[p/g] table "t" cannot remove the rows of an object that is gone: got "merge"; allowed: replaceWindow;',
    );
  });
});

it('counts objects that did not change when they are many', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => `x${index}`);
  const { slices, skipped } = plan(
    many.map((origin) => present(origin)),
    many.map((origin) => committed(origin, '1', 0)),
  );
  expect(slices).toEqual([]);
  expect(skipped).toEqual(['t: 10000 objects have not changed']);
});

import { describe, expect, it } from 'vitest';
import type { LaneState, RunRecord, SliceRecord } from '../ledger/ledger.ts';
import { owedSlices } from './status.ts';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

function slice(sliceId: string, facts: Partial<SliceRecord>): SliceRecord {
  const [table = '', origin = ''] = sliceId.split('/');
  return {
    ...{ pipeline: 'p', group: 'g', lane: 'incremental', sliceId, table, origin },
    ...{ status: 'failed', runId: 'first', rowsRead: 0, rowsLoaded: 0, rowsQuarantined: 0, at: at(1) },
    ...facts,
  };
}

const later = { status: 'committed', runId: 'second', at: at(2) } as const;

function owed(slices: readonly SliceRecord[], lastRun?: Partial<RunRecord>): string[] {
  const state = { cursors: [], slices, lastRun } as LaneState;
  return owedSlices(state, 'incremental').map(({ sliceId }) => sliceId);
}

describe('a failed slice is owed', () => {
  it('until a later run commits its table, whatever its range is called by then', () => {
    const failed = slice('orders/-/1..2', {});
    expect(owed([failed])).toEqual(['orders/-/1..2']);
    expect(owed([failed, slice('orders/-/1..3', later)])).toEqual([]);
    expect(owed([failed, slice('events/-/1..3', later)])).toEqual(['orders/-/1..2']);
    expect(owed([failed, slice('orders/-/0..1', { ...later, runId: 'first' })])).toEqual(['orders/-/1..2']);
  });

  it('until a later run ends well, when there was nothing to commit', () => {
    const failed = slice('orders/-/plan', {});
    expect(owed([failed], { status: 'succeeded', startedAt: at(2) })).toEqual([]);
    expect(owed([failed], { status: 'partial', startedAt: at(2) })).toEqual(['orders/-/plan']);
    expect(owed([failed], { status: 'succeeded', startedAt: at(0) })).toEqual(['orders/-/plan']);
  });

  it('for each object by itself', () => {
    const failed = slice('files/a.csv/1', { generation: '1' });
    expect(owed([failed, slice('files/b.csv/1', { ...later, generation: '1' })])).toEqual(['files/a.csv/1']);
    expect(owed([failed, slice('files/a.csv/2', { ...later, generation: '2' })])).toEqual([]);
  });

  it('under its own id when it is days', () => {
    const window = { start: '2026-01-01', end: '2026-01-02' };
    const failed = slice('report/a/2026-01-01..2026-01-02', { window });
    expect(owed([failed, slice('report/a/2026-01-03..2026-01-03', later)])).toHaveLength(1);
  });
});

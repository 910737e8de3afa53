import { expect, it } from 'vitest';
import type { SliceRecord } from '../../ledger/ledger.ts';
import type { OpenPlace } from './bench.ts';
import {
  acquire,
  cursorRecord,
  later,
  now,
  openBench,
  runRecord,
  sliceRecord,
  thisProcess,
} from './bench.ts';

export function ledgerTests(open: OpenPlace): void {
  it('gives a lease to one holder and names it to the others', async () => {
    const { warehouse, lease } = await openBench(open);
    expect(lease).toEqual({
      pipeline: 'pipe',
      group: 'g',
      lane: 'incremental',
      fence: 1,
      holder: `${thisProcess}/r1`,
    });
    await expect(acquire(warehouse, { run: 'r2', at: later(9) })).rejects.toMatchObject({
      kind: 'retryable',
      code: 'already-running',
      message:
        '[pipe/g] a run of this group is going on since 2026-11-12T06:00:00.000Z (incremental): got "p1/r1"; ' +
        'wait until it ends; if its process is dead, the lease ends by itself at 2026-11-12T06:10:00.000Z',
    });
  });

  it('gives it to exactly one of many who ask at once', async () => {
    const { warehouse, lease } = await openBench(open);
    await warehouse.ledger.release(lease);
    const asked = Array.from({ length: 8 }, (_, index) => acquire(warehouse, { run: `many ${index}` }));
    const answers = await Promise.allSettled(asked);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('keeps the lanes apart', async () => {
    const { warehouse } = await openBench(open);
    expect(await acquire(warehouse, { run: 'r2', lane: 'backfill' })).toMatchObject({ fence: 1 });
  });

  it('lets the fence grow for ever, also over a release', async () => {
    const { warehouse, lease } = await openBench(open);
    await warehouse.ledger.release(lease);
    const second = await acquire(warehouse, { run: 'r2' });
    expect(second.fence).toBe(2);
    await warehouse.ledger.release(lease);
    await expect(acquire(warehouse, { run: 'r3' })).rejects.toMatchObject({ code: 'already-running' });
    await warehouse.ledger.release(second);
    expect((await acquire(warehouse, { run: 'r3' })).fence).toBe(3);
  });

  it('gives an expired lease to the next one and calls the run of the dead crashed', async () => {
    const { warehouse, lease } = await openBench(open);
    await warehouse.ledger.saveRun(runRecord({ runId: 'r1', status: 'running' }));
    await warehouse.ledger.saveRun(runRecord({ runId: 'b1', status: 'running', lane: 'backfill' }));
    const newer = await acquire(warehouse, { run: 'r2', at: later(10) });
    expect(newer.fence).toBe(2);
    const runs = await warehouse.ledger.runs({ limit: 10 });
    expect(runs.map(({ runId, status }) => [runId, status])).toEqual([
      ['r1', 'crashed'],
      ['b1', 'running'],
    ]);
    await expect(warehouse.ledger.renew(lease, later(11), 600_000)).rejects.toMatchObject({
      kind: 'retryable',
      code: 'lease-lost',
      message:
        '[pipe/g] this run was silent for longer than its lease and another one has taken over; its commit is refused: ' +
        'got "fence 1"; allowed: fence 2; nothing: the newer run does the work',
    });
  });

  it('holds a lease that is renewed', async () => {
    const { warehouse, lease } = await openBench(open);
    await warehouse.ledger.renew(lease, later(9), 600_000);
    await expect(acquire(warehouse, { run: 'r2', at: later(18) })).rejects.toMatchObject({
      code: 'already-running',
    });
    expect(await acquire(warehouse, { run: 'r2', at: later(19) })).toMatchObject({ fence: 2 });
  });

  it('gives the lease of another process away only when that process must be dead', async () => {
    const { warehouse } = await openBench(open);
    // `p` begins like `p1`, and is another process all the same.
    const asked = acquire(warehouse, { run: 'r2', process: 'p' });
    if (warehouse.exclusive) expect(await asked).toMatchObject({ fence: 2 });
    else await expect(asked).rejects.toMatchObject({ code: 'already-running' });
  });

  it('tells runs newest first, by pipeline, each as it was saved last', async () => {
    const { warehouse } = await openBench(open);
    const full = runRecord({
      runId: 'r2',
      status: 'deferred',
      startedAt: later(5),
      finishedAt: later(6),
      resumeAt: later(60),
      slicesPlanned: 4,
      slicesDone: 2,
      slicesFailed: 1,
      rowsRead: 2 ** 40,
      rowsLoaded: 11,
      rowsUnchanged: 12,
      rowsQuarantined: 13,
      bytes: 2 ** 50,
      apiCalls: 14,
      waitedMs: 15,
      error: "the vendor's limit",
    });
    await warehouse.ledger.saveRun(runRecord({ runId: 'r1' }));
    await warehouse.ledger.saveRun(runRecord({ runId: 'r2', startedAt: later(5), status: 'running' }));
    await warehouse.ledger.saveRun(runRecord({ runId: 'x1', pipeline: 'other', startedAt: later(7) }));
    await warehouse.ledger.saveRun(full);
    const ids = async (filter: { pipeline?: string; limit: number }) =>
      (await warehouse.ledger.runs(filter)).map(({ runId }) => runId);
    expect(await ids({ limit: 10 })).toEqual(['x1', 'r2', 'r1']);
    expect(await ids({ limit: 10, pipeline: 'pipe' })).toEqual(['r2', 'r1']);
    expect(await warehouse.ledger.runs({ limit: 1, pipeline: 'pipe' })).toEqual([full]);
  });

  it('tells the newest record of each slice of both lanes, and the run of the lane that ended last', async () => {
    const bench = await openBench(open);
    const { ledger } = bench.warehouse;
    const backfill = await acquire(bench.warehouse, { run: 'b1', lane: 'backfill' });
    const window = { start: '2026-11-01', end: '2026-11-03' };
    const failed = sliceRecord({
      sliceId: 'owed',
      status: 'failed',
      error: 'down',
      generation: 'g7',
      window,
    });
    await ledger.saveFailure(bench.lease, failed);
    await ledger.saveFailure(bench.lease, sliceRecord({ sliceId: 'paid', status: 'failed', at: later(-5) }));
    await bench.load({ rows: [], slice: 'paid' });
    const other = sliceRecord({ sliceId: 'back', status: 'failed', lane: 'backfill', sourceRows: 0 });
    await ledger.saveFailure(backfill, other);
    await ledger.saveRun(runRecord({ runId: 'r1', startedAt: now, status: 'partial' }));
    await ledger.saveRun(runRecord({ runId: 'r2', startedAt: later(1), status: 'running' }));
    await ledger.saveRun(runRecord({ runId: 'b1', startedAt: later(2), lane: 'backfill' }));

    const state = await ledger.state({ pipeline: 'pipe', group: 'g', lane: 'incremental' });
    const byId = new Map(state.slices.map((slice) => [slice.sliceId, slice]));
    expect([...byId.keys()].sort()).toEqual(['back', 'owed', 'paid']);
    expect(byId.get('owed')).toEqual(failed);
    expect(byId.get('paid')?.status).toBe('committed');
    expect(byId.get('back')).toEqual(other);
    expect(state.lastRun?.runId).toBe('r1');
    expect(await ledger.state({ pipeline: 'pipe', group: 'other', lane: 'incremental' })).toEqual({
      cursors: [],
      slices: [],
    });
  });

  it('forgets committed slices of one table of a lane from before a moment, and nothing else', async () => {
    const bench = await openBench(open);
    const { ledger } = bench.warehouse;
    const backfill = await acquire(bench.warehouse, { run: 'b1', lane: 'backfill' });
    const commit = async (sliceId: string, change: Partial<SliceRecord> = {}) => {
      const stage = await bench.stage({ rows: [] });
      const made = bench.commitOf([stage], { rows: [], slice: sliceId });
      const lease = change.lane === 'backfill' ? backfill : bench.lease;
      await bench.warehouse.commit({ ...made, lease, slice: { ...made.slice, table: '*', ...change } });
      await stage.discard();
    };
    await commit('old', { at: later(-61) });
    await commit('edge', { at: later(-60) });
    await commit('new');
    await commit('of a table', { at: later(-61), table: 'items' });
    await commit('of a lane', { at: later(-61), lane: 'backfill' });
    const failed = { sliceId: 'failed', table: '*', status: 'failed', at: later(-61) } as const;
    await ledger.saveFailure(bench.lease, sliceRecord(failed));
    const of = { pipeline: 'pipe', group: 'g', lane: 'incremental', table: '*' } as const;
    await ledger.forgetSlices({ ...of, group: 'other', before: later(1) });
    await ledger.forgetSlices({ ...of, pipeline: 'other', before: later(1) });
    await ledger.forgetSlices({ ...of, before: later(-60) });
    await ledger.forgetSlices({ ...of, before: later(-60) });
    const { slices } = await ledger.state(of);
    expect(slices.map(({ sliceId }) => sliceId).sort()).toEqual([
      'edge',
      'failed',
      'new',
      'of a lane',
      'of a table',
    ]);
    // It may be recorded again.
    await commit('old', { at: later(-61) });
    expect((await ledger.state(of)).slices).toHaveLength(6);
  });

  it('refuses the failure of a holder that lost its lease', async () => {
    const { warehouse, lease } = await openBench(open);
    await acquire(warehouse, { run: 'r2', at: later(11) });
    await expect(
      warehouse.ledger.saveFailure(lease, sliceRecord({ status: 'failed' })),
    ).rejects.toMatchObject({ code: 'lease-lost' });
    expect((await warehouse.ledger.state(lease)).slices).toEqual([]);
  });

  it('gives the holder its own lease again, with the same fence', async () => {
    const { warehouse, lease } = await openBench(open);
    await warehouse.ledger.saveRun(runRecord({ runId: 'r1', status: 'running' }));
    expect(await acquire(warehouse, { run: 'r1', at: later(5) })).toEqual(lease);
    const [run] = await warehouse.ledger.runs({ limit: 1 });
    expect(run?.status).toBe('running');
    // The term began again.
    await expect(acquire(warehouse, { run: 'r2', at: later(14) })).rejects.toMatchObject({
      kind: 'retryable',
      code: 'already-running',
    });
    await warehouse.ledger.renew(lease, later(14), 600_000);
    expect(await acquire(warehouse, { run: 'r2', at: later(24) })).toMatchObject({ fence: 2 });
  });

  it('moves a cursor without data, for the holder of the lease only', async () => {
    const { warehouse, lease } = await openBench(open);
    const values = async () => (await warehouse.ledger.state(lease)).cursors.map(({ value }) => value);
    await warehouse.ledger.saveCursor(lease, cursorRecord('0/1A'));
    await warehouse.ledger.saveCursor(lease, cursorRecord('0/1B'));
    expect(await values()).toEqual(['0/1B']);
    await acquire(warehouse, { run: 'r2', at: later(11) });
    await expect(warehouse.ledger.saveCursor(lease, cursorRecord('0/1C'))).rejects.toMatchObject({
      kind: 'retryable',
      code: 'lease-lost',
    });
    expect(await values()).toEqual(['0/1B']);
  });
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TableTarget } from '../../pipeline.ts';
import type { Warehouse } from '../warehouse.ts';
import { commitRows, now, openFixture, takeLease, target } from './warehouse-fixture.ts';

let fixture: Awaited<ReturnType<typeof openFixture>>;
let warehouse: Warehouse;

beforeEach(async () => {
  fixture = await openFixture();
  warehouse = fixture.open();
});

afterEach(async () => {
  await fixture.emulator.close();
});

const rowsOf = async (table = 'ads') =>
  (await warehouse.query(`SELECT day, id, value, _origin FROM ${table} ORDER BY day, id, value`)).rows;

const row = (day: number, id: string | null, value: number) => ({ day: `2026-11-0${day}`, id, value });

describe('write modes', () => {
  it('merge inserts, updates, leaves equal rows alone and lets the last of several rows with one key win', async () => {
    const lease = await takeLease(warehouse);
    await warehouse.prepare([target]);
    expect(await commitRows(warehouse, lease, [row(1, 'a', 1), row(1, 'b', 2), row(1, null, 3)])).toEqual({
      table: 'ads',
      inserted: 3,
      updated: 0,
      unchanged: 0,
      duplicates: 0,
      deleted: 0,
    });
    const again = [row(1, 'a', 7), row(1, 'a', 8), row(1, 'b', 2), row(1, null, 3), row(2, 'c', 4)];
    expect(await commitRows(warehouse, lease, again, { sliceId: 's2' })).toEqual({
      table: 'ads',
      inserted: 1,
      updated: 1,
      unchanged: 2,
      duplicates: 1,
      deleted: 0,
    });
    expect(await rowsOf()).toEqual([
      ['2026-11-01', 'a', 8, 'acc'],
      ['2026-11-01', 'b', 2, 'acc'],
      ['2026-11-01', null, 3, 'acc'],
      ['2026-11-02', 'c', 4, 'acc'],
    ]);
  });

  it('merge makes one row of a key that the table holds twice', async () => {
    const lease = await takeLease(warehouse);
    const appended: TableTarget = { ...target, writeMode: 'append' };
    await warehouse.prepare([target]);
    await commitRows(warehouse, lease, [row(1, 'a', 1), row(1, 'a', 2), row(1, 'b', 1)], {
      target: appended,
    });
    expect(await commitRows(warehouse, lease, [row(1, 'a', 3)], { sliceId: 's2' })).toMatchObject({
      inserted: 0,
      updated: 1,
      unchanged: 0,
    });
    expect(await rowsOf()).toEqual([
      ['2026-11-01', 'a', 3, 'acc'],
      ['2026-11-01', 'b', 1, 'acc'],
    ]);
  });

  it('merge reads only the partitions that staged keys can be in', async () => {
    const lease = await takeLease(warehouse);
    await warehouse.prepare([target]);
    await commitRows(warehouse, lease, [row(3, 'a', 1), row(5, 'a', 1)]);
    const sql = fixture.emulator.jobs.all().flatMap(({ configuration }) => configuration.query?.query ?? []);
    expect(sql.find((text) => text.includes('MERGE INTO `acme.marts.ads`'))).toContain(
      "ON (t.`day` BETWEEN DATE '2026-11-03' AND DATE '2026-11-05') AND s.`day` = t.`day`",
    );
  });

  it('append inserts a slice once, whichever lane comes with it', async () => {
    const lease = await takeLease(warehouse);
    const appended: TableTarget = { ...target, writeMode: 'append' };
    await warehouse.prepare([appended]);
    expect(await commitRows(warehouse, lease, [row(1, 'a', 1)], { target: appended })).toMatchObject({
      inserted: 1,
    });
    const later = await takeLease(warehouse, { holder: 'host/run-2', at: new Date(now.getTime() + 600_000) });
    expect(await commitRows(warehouse, later, [row(1, 'a', 1)], { target: appended })).toMatchObject({
      inserted: 0,
      unchanged: 1,
    });
    expect(await rowsOf()).toEqual([['2026-11-01', 'a', 1, 'acc']]);
  });

  it('replace leaves just the new rows, also when there are none', async () => {
    const lease = await takeLease(warehouse);
    const replaced: TableTarget = { ...target, writeMode: 'replace', key: [] };
    await warehouse.prepare([replaced]);
    await commitRows(warehouse, lease, [row(1, 'a', 1), row(2, 'a', 1)], { target: replaced });
    const second = await commitRows(warehouse, lease, [row(3, 'a', 1)], { target: replaced, sliceId: 's2' });
    expect(second).toMatchObject({ inserted: 1, deleted: 2 });
    expect(await rowsOf()).toEqual([['2026-11-03', 'a', 1, 'acc']]);
    const third = await commitRows(warehouse, lease, [], { target: replaced, sliceId: 's3' });
    expect(third).toMatchObject({ inserted: 0, deleted: 1 });
    expect(await rowsOf()).toEqual([]);
  });

  it('replaceWindow deletes what the slice covers and does not bring again', async () => {
    const lease = await takeLease(warehouse);
    const table: TableTarget = { ...target, writeMode: 'replaceWindow' };
    const window = { start: '2026-11-01', end: '2026-11-02' };
    await warehouse.prepare([table]);
    await commitRows(warehouse, lease, [row(1, 'a', 1), row(2, 'b', 1), row(3, 'c', 1)], {
      target: table,
      window,
    });
    await commitRows(warehouse, lease, [row(1, 'x', 1)], { target: table, origin: 'other', sliceId: 's2' });
    const outcome = await commitRows(warehouse, lease, [row(1, 'a', 2)], {
      target: table,
      window,
      sliceId: 's3',
    });
    expect(outcome).toMatchObject({ inserted: 0, updated: 1, unchanged: 0, deleted: 1 });
    const rest = [
      ['2026-11-01', 'x', 1, 'other'],
      ['2026-11-03', 'c', 1, 'acc'],
    ];
    expect(await rowsOf()).toEqual([['2026-11-01', 'a', 2, 'acc'], ...rest]);
    expect(await commitRows(warehouse, lease, [], { target: table, window, sliceId: 's4' })).toMatchObject({
      deleted: 1,
    });
    expect(await rowsOf()).toEqual(rest);
  });

  it('replaceWindow without a key replaces all that the slice covers', async () => {
    const lease = await takeLease(warehouse);
    const table: TableTarget = { ...target, writeMode: 'replaceWindow', key: [] };
    const window = { start: '2026-11-01', end: '2026-11-02' };
    await warehouse.prepare([table]);
    await commitRows(warehouse, lease, [row(1, 'a', 1), row(1, 'a', 1)], { target: table, window });
    const outcome = await commitRows(warehouse, lease, [row(1, 'a', 1)], {
      target: table,
      window,
      sliceId: 's2',
    });
    expect(outcome).toMatchObject({ inserted: 1, deleted: 2 });
  });
});

describe('the ledger', () => {
  it('tells a second run to wait, and after the term gives the lease away and marks the dead run', async () => {
    const lease = await takeLease(warehouse);
    await warehouse.ledger.saveRun(runOf('run-1', 'running'));
    await expect(takeLease(fixture.open(), { holder: 'other/run-2' })).rejects.toMatchObject({
      code: 'already-running',
      kind: 'retryable',
      message:
        '[p/g] a run of this group is going on since 2026-11-12T06:00:00.000Z (incremental): got "host/run-1"; wait until it ends; if its process is dead, the lease ends by itself at 2026-11-12T06:10:00.000Z',
    });
    const at = new Date(now.getTime() + 600_000);
    const next = await takeLease(fixture.open(), { holder: 'other/run-2', at });
    expect([lease.fence, next.fence]).toEqual([1, 2]);
    expect(await warehouse.ledger.runs({ limit: 5 })).toMatchObject([
      { runId: 'run-1', status: 'crashed', finishedAt: at },
    ]);
    await expect(warehouse.ledger.renew(lease, at, 600_000)).rejects.toMatchObject({ code: 'lease-lost' });
    await warehouse.ledger.release(lease);
    await expect(takeLease(warehouse, { holder: 'third/run-3', at })).rejects.toMatchObject({
      code: 'already-running',
    });
    await warehouse.ledger.release(next);
    expect((await takeLease(warehouse, { holder: 'third/run-3', at })).fence).toBe(3);
  });

  it('gives one of many that ask at once the lease', async () => {
    const asked = Array.from({ length: 6 }, (_, index) =>
      takeLease(fixture.open(), { holder: `host-${index}/run-${index}` }),
    );
    const results = await Promise.allSettled(asked);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
    expect(refused).toEqual(Array.from({ length: 5 }, () => 'already-running'));
  });

  it('refuses the commit of an old holder and keeps nothing of it', async () => {
    const lease = await takeLease(warehouse);
    await warehouse.prepare([target]);
    const at = new Date(now.getTime() + 600_000);
    await takeLease(warehouse, { holder: 'other/run-2', at });
    await expect(commitRows(warehouse, lease, [row(1, 'a', 1)])).rejects.toMatchObject({
      code: 'lease-lost',
      message:
        '[p/g] this run was silent for longer than its lease and another one has taken over; its commit is refused: got "fence 1"; allowed: fence 2; nothing: the newer run does the work',
    });
    expect(await rowsOf()).toEqual([]);
    expect((await warehouse.ledger.state(lease)).slices).toEqual([]);
  });

  it('gives back slices, cursors, quarantine and drift as they were committed', async () => {
    const lease = await takeLease(warehouse);
    await warehouse.prepare([target]);
    const window = { start: '2026-11-01', end: '2026-11-02' };
    const cursor = { pipeline: 'p', group: 'g', lane: 'incremental', table: 'ads', origin: 'acc' } as const;
    const bad = { row: 3, path: 'value', reason: 'is not a whole number', masked: '1…9' };
    const suggested = { name: 'color', type: 'STRING', mode: 'NULLABLE' } as const;
    for (const value of ['2026-11-02', '2026-11-03'])
      await commitRows(warehouse, lease, [row(1, 'a', 1)], {
        window,
        sliceId: value,
        cursor: { ...cursor, value, at: new Date(Date.parse(value)) },
        quarantined: [{ table: 'ads', row: bad }],
        drift: [{ table: 'ads', field: { field: 'color', suggested, rows: 2 } }],
      });
    await commitRows(warehouse, lease, [row(1, 'a', 1)], { sliceId: '2026-11-03' });
    await warehouse.ledger.saveFailure(lease, {
      ...{ ...cursor, sliceId: 's9', status: 'failed', runId: 'run-1', error: "it's broken\n;--", at: now },
      ...{ rowsRead: 0, rowsLoaded: 0, rowsQuarantined: 0, generation: 'g1', window },
    });
    const state = await warehouse.ledger.state(lease);
    expect(state.cursors).toEqual([{ ...cursor, value: '2026-11-03', at: new Date('2026-11-03') }]);
    expect(state.slices.find(({ sliceId }) => sliceId === 's9')).toMatchObject({
      error: "it's broken\n;--",
      generation: 'g1',
      window,
      sourceRows: undefined,
    });
    expect(state.slices.find(({ sliceId }) => sliceId === '2026-11-02')).toMatchObject({
      rowsRead: 1,
      rowsLoaded: 1,
      status: 'committed',
      at: now,
    });
    const quarantine = await warehouse.query(
      'SELECT slice_id, row_index, path, masked FROM catchment_quarantine',
    );
    expect(quarantine.rows).toEqual([['2026-11-02', 3, 'value', '1…9']]);
    const drift = await warehouse.query('SELECT `table`, field, suggested, `rows` FROM catchment_drift');
    expect(drift.rows).toEqual([['ads', 'color', JSON.stringify(suggested), 2]]);
  });

  it('keeps the last word on a run', async () => {
    await takeLease(warehouse);
    await warehouse.ledger.saveRun(runOf('run-1', 'running'));
    await warehouse.ledger.saveRun({ ...runOf('run-1', 'deferred'), resumeAt: now, bytes: 2 ** 40 });
    expect(await warehouse.ledger.runs({ pipeline: 'p', limit: 1 })).toEqual([
      {
        ...runOf('run-1', 'deferred'),
        finishedAt: undefined,
        resumeAt: now,
        bytes: 2 ** 40,
        error: undefined,
      },
    ]);
    expect(await warehouse.ledger.runs({ pipeline: 'q', limit: 1 })).toEqual([]);
  });
});

function runOf(runId: string, status: 'running' | 'deferred') {
  return {
    ...({
      runId,
      pipeline: 'p',
      group: 'g',
      lane: 'incremental',
      trigger: 'test',
      status,
      startedAt: now,
    } as const),
    ...{ slicesPlanned: 1, slicesDone: 1, slicesFailed: 0, rowsRead: 1, rowsLoaded: 1, rowsUnchanged: 0 },
    ...{ rowsQuarantined: 0, bytes: 1, apiCalls: 1, waitedMs: 0 },
  };
}

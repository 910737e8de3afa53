import { expect, it } from 'vitest';
import type { OpenPlace } from './bench.ts';
import { acquire, items, later, openBench } from './bench.ts';

const rows = [{ day: '2026-11-01', id: 'x', value: 1 }];

export function commitTests(open: OpenPlace): void {
  it('makes data, slice, cursor, quarantine and drift true together', async () => {
    const bench = await openBench(open);
    const load = {
      rows,
      slice: 's1',
      cursor: '2026-11-01',
      window: { start: '2026-11-01', end: '2026-11-01' },
    };
    const staged = await bench.stage(load);
    await bench.warehouse.commit({
      ...bench.commitOf([staged], load),
      quarantined: [
        { table: 'items', row: { row: 3, path: 'value', reason: 'is no integer', masked: 'a…z' } },
        { table: 'items', row: { path: '', reason: "has a ' quote", masked: '' } },
      ],
      drift: [
        {
          table: 'items',
          field: {
            field: 'colour',
            suggested: { name: 'colour', type: 'STRING', mode: 'NULLABLE' },
            rows: 1,
          },
        },
      ],
    });
    expect(await bench.items()).toEqual(['2026-11-01 x 1']);
    const state = await bench.warehouse.ledger.state(bench.lease);
    expect(state.slices.map(({ sliceId, status, window }) => [sliceId, status, window])).toEqual([
      ['s1', 'committed', { start: '2026-11-01', end: '2026-11-01' }],
    ]);
    expect(state.cursors.map(({ table, origin, value }) => [table, origin, value])).toEqual([
      ['items', 'a', '2026-11-01'],
    ]);
    expect(
      await bench.rows('select slice_id, path, reason, masked from catchment.quarantine order by path'),
    ).toEqual([
      ['s1', '', "has a ' quote", ''],
      ['s1', 'value', 'is no integer', 'a…z'],
    ]);
    expect(await bench.rows('select field from catchment.drift')).toEqual([['colour']]);
  });

  it('puts a slice into quarantine once, however often it is read', async () => {
    const bench = await openBench(open);
    for (const reason of ['first', 'second']) {
      const staged = await bench.stage({ rows });
      const row = { path: 'value', reason, masked: '' };
      await bench.warehouse.commit({
        ...bench.commitOf([staged], { rows, slice: 's1' }),
        quarantined: [{ table: 'items', row }],
      });
    }
    expect(await bench.rows('select reason from catchment.quarantine')).toEqual([['second']]);
  });

  it('does nothing at all when one of its tables fails', async () => {
    const bench = await openBench(open);
    await bench.load({ rows, slice: 's1', cursor: '2026-11-01' });
    const good = await bench.stage({ rows: [{ day: '2026-11-02', id: 'y', value: 2 }] });
    const broken = await bench.stage({ rows, target: items({ name: 'others', declared: 'others' }) });
    await broken.discard();
    const load = { rows: [], slice: 's2', cursor: '2026-11-02' };
    await expect(bench.warehouse.commit(bench.commitOf([good, broken], load))).rejects.toThrow();
    expect(await bench.items()).toEqual(['2026-11-01 x 1']);
    const state = await bench.warehouse.ledger.state(bench.lease);
    expect(state.slices.map(({ sliceId }) => sliceId)).toEqual(['s1']);
    expect(state.cursors.map(({ value }) => value)).toEqual(['2026-11-01']);
    // What is staged survives, so the same commit can succeed.
    await bench.warehouse.commit(bench.commitOf([good], load));
    expect(await bench.items()).toEqual(['2026-11-01 x 1', '2026-11-02 y 2']);
  });

  it('is refused when another holder has the lease', async () => {
    const bench = await openBench(open);
    await bench.load({ rows });
    const newer = await acquire(bench.warehouse, { run: 'r2', at: later(11) });
    await expect(bench.load({ rows: [{ day: '2026-11-01', id: 'x', value: 2 }] })).rejects.toMatchObject({
      kind: 'retryable',
      code: 'lease-lost',
    });
    expect(await bench.items()).toEqual(['2026-11-01 x 1']);
    await bench.load({ rows: [{ day: '2026-11-01', id: 'x', value: 3 }], lease: newer });
    expect(await bench.items()).toEqual(['2026-11-01 x 3']);
  });

  it('is refused when the lease was given back', async () => {
    const bench = await openBench(open);
    await bench.warehouse.ledger.release(bench.lease);
    await expect(bench.load({ rows })).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await bench.items()).toEqual([]);
  });

  it('is seen by another warehouse on the same place, also while both commit', async () => {
    const bench = await openBench(open);
    const other = await open(bench.place);
    await bench.warehouse.prepare([items()]);
    const loads = Array.from({ length: 6 }, async (_, index) => {
      const warehouse = index % 2 === 0 ? bench.warehouse : other;
      const staged = await warehouse.openStage(items(), 'a');
      await staged.append({
        rows: 1,
        values: [['2026-11-01'], [`id ${index}`], [BigInt(index)], ['a'], [null]],
      });
      await warehouse.commit(bench.commitOf([staged], { rows: [] }));
      await staged.discard();
    });
    await Promise.all(loads);
    const { rows: seen } = await other.query('select count(*), sum(value) from conformance.items');
    expect(seen).toEqual([[6, 15]]);
    await other.close();
    expect(await bench.items()).toHaveLength(6);
  });

  it('stays after the warehouse is closed and opened again', async () => {
    const bench = await openBench(open);
    await bench.load({ rows, mode: 'replace', target: items({ key: [] }) });
    await bench.load({ rows, mode: 'replace', target: items({ key: [] }) });
    await bench.warehouse.close();
    await bench.warehouse.close();
    const again = await open(bench.place);
    expect((await again.query('select id, value from conformance.items')).rows).toEqual([['x', 1]]);
    await again.close();
  });

  it('is not what a query may do', async () => {
    const bench = await openBench(open);
    await bench.load({ rows });
    for (const sql of ['delete from conformance.items', 'drop table conformance.items'])
      await expect(bench.warehouse.query(sql), sql).rejects.toMatchObject({
        kind: 'fatal',
        code: 'bad-input',
        message: expect.stringContaining('this query would change the warehouse; allowed: SQL that reads'),
      });
    expect(await bench.items()).toEqual(['2026-11-01 x 1']);
  });
}

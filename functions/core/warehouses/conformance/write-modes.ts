import { expect, it } from 'vitest';
import type { OpenPlace } from './bench.ts';
import { column, items, openBench } from './bench.ts';

const row = (day: number, id: string | null, value: number) => ({ day: `2026-11-0${day}`, id, value });
const counts = { table: 'items', inserted: 0, updated: 0, unchanged: 0, duplicates: 0, deleted: 0 };

export function writeModeTests(open: OpenPlace): void {
  it('append inserts every row', async () => {
    const bench = await openBench(open);
    const rows = [row(1, 'x', 1), row(1, 'x', 1)];
    expect(await bench.load({ mode: 'append', rows })).toEqual({ ...counts, inserted: 2 });
    expect(await bench.load({ mode: 'append', rows })).toEqual({ ...counts, inserted: 2 });
    expect(await bench.items()).toHaveLength(4);
  });

  it('append inserts a slice once, however often it is committed', async () => {
    const bench = await openBench(open);
    const load = { mode: 'append', slice: 's1', rows: [row(1, 'x', 1)] } as const;
    expect(await bench.load(load)).toEqual({ ...counts, inserted: 1 });
    expect(await bench.load(load)).toEqual({ ...counts, unchanged: 1 });
    expect(await bench.items()).toEqual(['2026-11-01 x 1']);
  });

  it('append inserts a slice once even when it failed in between', async () => {
    const bench = await openBench(open);
    const load = { mode: 'append', slice: 's1', rows: [row(1, 'x', 1)] } as const;
    await bench.load(load);
    const failed = bench.commitOf([], load).slice;
    await bench.warehouse.ledger.saveFailure(bench.lease, { ...failed, status: 'failed', error: 'down' });
    expect(await bench.load(load)).toEqual({ ...counts, unchanged: 1 });
    expect(await bench.items()).toEqual(['2026-11-01 x 1']);
  });

  it('merge inserts new rows, updates changed ones and leaves equal ones alone', async () => {
    const bench = await openBench(open);
    await bench.load({ rows: [row(1, 'x', 1), row(1, 'y', 2), row(1, 'z', 3)] });
    expect(await bench.load({ rows: [row(1, 'y', 2), row(1, 'z', 30), row(2, 'x', 4)] })).toEqual({
      ...counts,
      inserted: 1,
      updated: 1,
      unchanged: 1,
    });
    expect(await bench.items()).toEqual([
      '2026-11-01 x 1',
      '2026-11-01 y 2',
      '2026-11-01 z 30',
      '2026-11-02 x 4',
    ]);
  });

  it('merge lets the last row of a key win, also across batches', async () => {
    const bench = await openBench(open);
    const many = Array.from({ length: 5000 }, (_, index) => row(1, String(index % 10), index));
    expect(await bench.load({ rows: many })).toEqual({ ...counts, inserted: 10, duplicates: 4990 });
    expect(await bench.items()).toEqual(
      Array.from({ length: 10 }, (_, index) => `2026-11-01 ${index} ${4990 + index}`),
    );
  });

  it('merge takes NULL in a key for a value like any other', async () => {
    const bench = await openBench(open);
    await bench.load({ rows: [row(1, null, 1)] });
    expect(await bench.load({ rows: [row(1, null, 1), row(1, null, 2), row(2, null, 3)] })).toEqual({
      ...counts,
      inserted: 1,
      updated: 1,
      duplicates: 1,
    });
    expect(await bench.items()).toEqual(['2026-11-01 null 2', '2026-11-02 null 3']);
  });

  it('merge makes one row of a key that the table held several times', async () => {
    const bench = await openBench(open);
    await bench.load({
      mode: 'append',
      rows: [row(1, 'x', 1), row(1, 'x', 1), row(1, 'y', 5), row(1, 'y', 6)],
    });
    expect(await bench.load({ rows: [row(1, 'x', 1), row(1, 'y', 7)] })).toEqual({
      ...counts,
      unchanged: 1,
      updated: 1,
      deleted: 2,
    });
    expect(await bench.items()).toEqual(['2026-11-01 x 1', '2026-11-01 y 7']);
  });

  it('merge with no rows changes nothing', async () => {
    const bench = await openBench(open);
    await bench.load({ rows: [row(1, 'x', 1)] });
    expect(await bench.load({ rows: [] })).toEqual(counts);
    expect(await bench.items()).toEqual(['2026-11-01 x 1']);
  });

  it('replace swaps the whole table, of all origins', async () => {
    const bench = await openBench(open);
    const target = items({ key: [] });
    await bench.load({ target, mode: 'replace', rows: [row(1, 'x', 1), row(1, 'y', 2)] });
    expect(await bench.load({ target, mode: 'replace', origin: 'b', rows: [row(2, 'z', 3)] })).toEqual({
      ...counts,
      inserted: 1,
      deleted: 2,
    });
    expect(await bench.items()).toEqual(['2026-11-02 z 3']);
  });

  it('replace of a table with a key tells what changed, and keeps the last row of a key', async () => {
    const bench = await openBench(open);
    await bench.load({ mode: 'replace', rows: [row(1, 'x', 1), row(1, 'y', 2), row(1, 'z', 3)] });
    expect(
      await bench.load({
        mode: 'replace',
        rows: [row(1, 'x', 1), row(1, 'y', 0), row(1, 'y', 20), row(1, 'new', 4)],
      }),
    ).toEqual({ ...counts, inserted: 1, updated: 1, unchanged: 1, duplicates: 1, deleted: 1 });
    expect(await bench.items()).toEqual(['2026-11-01 new 4', '2026-11-01 x 1', '2026-11-01 y 20']);
  });

  it('replace with no rows empties the table', async () => {
    const bench = await openBench(open);
    await bench.load({ rows: [row(1, 'x', 1)] });
    expect(await bench.load({ mode: 'replace', rows: [] })).toEqual({ ...counts, deleted: 1 });
    expect(await bench.items()).toEqual([]);
  });

  it('replaceWindow deletes what its origin has in its days and does not bring again', async () => {
    const bench = await openBench(open);
    const load = { mode: 'replaceWindow', window: { start: '2026-11-01', end: '2026-11-02' } } as const;
    await bench.load({
      mode: 'merge',
      rows: [row(1, 'x', 1), row(2, 'x', 2), row(2, 'y', 3), row(3, 'x', 4)],
    });
    await bench.load({ mode: 'merge', origin: 'b', rows: [row(1, 'b', 5)] });
    expect(await bench.load({ ...load, rows: [row(2, 'x', 2), row(2, 'y', 30), row(2, 'z', 6)] })).toEqual({
      ...counts,
      inserted: 1,
      updated: 1,
      unchanged: 1,
      deleted: 1,
    });
    expect(await bench.items()).toEqual([
      '2026-11-01 b 5',
      '2026-11-02 x 2',
      '2026-11-02 y 30',
      '2026-11-02 z 6',
      '2026-11-03 x 4',
    ]);
  });

  it('replaceWindow of a window without rows empties it', async () => {
    const bench = await openBench(open);
    await bench.load({ mode: 'merge', rows: [row(1, 'x', 1), row(2, 'x', 2)] });
    const window = { start: '2026-11-02', end: '2026-11-02' };
    expect(await bench.load({ mode: 'replaceWindow', window, rows: [] })).toEqual({ ...counts, deleted: 1 });
    expect(await bench.items()).toEqual(['2026-11-01 x 1']);
  });

  it.each([
    ['TIMESTAMP', '+00'],
    ['DATETIME', ''],
  ] as const)(
    'replaceWindow takes whole days of a %s column, to their last microsecond',
    async (type, zone) => {
      const bench = await openBench(open);
      const moments = [
        '2026-10-31 23:59:59.999999',
        '2026-11-01 00:00:00',
        '2026-11-02 00:00:00.000001',
        '2026-11-02 23:59:59.999999',
        '2026-11-03 00:00:00',
      ];
      for (const key of [['day', 'id'], []]) {
        const [, id, value] = items().columns;
        const columns = [column('day', type), id, value].filter((each) => each !== undefined);
        const name = key.length > 0 ? 'keyed' : 'keyless';
        const target = items({ key, columns, name, declared: name });
        const window = { start: '2026-11-01', end: '2026-11-02' };
        await bench.load({
          target,
          mode: 'append',
          rows: moments.map((day) => ({ day, id: 'x', value: 1 })),
        });
        const rows = [{ day: '2026-11-02 00:00:00.000001', id: 'x', value: 2 }];
        const outcome = await bench.load({ target, mode: 'replaceWindow', window, rows });
        const counted = key.length > 0 ? { updated: 1, deleted: 2 } : { inserted: 1, deleted: 3 };
        expect(outcome).toEqual({ ...counts, table: name, ...counted });
        const left = await bench.rows(`select day, value from conformance.${name} order by day`);
        expect(left.map(([day, value]) => [String(day).replace('T', ' '), value])).toEqual([
          [`2026-10-31 23:59:59.999999${zone}`, 1],
          [`2026-11-02 00:00:00.000001${zone}`, 2],
          [`2026-11-03 00:00:00${zone}`, 1],
        ]);
      }
    },
  );

  it('replaceWindow takes over rows of the same keys that have another origin or none', async () => {
    const bench = await openBench(open);
    await bench.load({ mode: 'merge', origin: 'old', rows: [row(1, 'x', 1), row(1, 'y', 2)] });
    const window = { start: '2026-11-01', end: '2026-11-01' };
    expect(await bench.load({ mode: 'replaceWindow', window, rows: [row(1, 'x', 1)] })).toEqual({
      ...counts,
      updated: 1,
    });
    expect(await bench.rows('select id, _origin from conformance.items order by id')).toEqual([
      ['x', 'a'],
      ['y', 'old'],
    ]);
  });

  it('replaceWindow without a key replaces all rows of its origin', async () => {
    const bench = await openBench(open);
    const target = items({ key: [] });
    const load = { target, mode: 'replaceWindow' } as const;
    await bench.load({ ...load, rows: [row(1, 'x', 1), row(1, 'x', 1)] });
    await bench.load({ ...load, origin: 'b', rows: [row(1, 'b', 2)] });
    expect(await bench.load({ ...load, rows: [row(3, 'x', 3)] })).toEqual({
      ...counts,
      inserted: 1,
      deleted: 2,
    });
    expect(await bench.items()).toEqual(['2026-11-01 b 2', '2026-11-03 x 3']);
  });
}

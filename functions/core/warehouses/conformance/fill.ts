import { expect, it } from 'vitest';
import type { OpenPlace } from './bench.ts';
import { items, openBench } from './bench.ts';

const copies = items({ declared: 'copies', name: 'copies' });

/** @param table the items as a query inside the warehouse names them */
export function fillTests(open: OpenPlace, table: string): void {
  it('takes the rows of a query, by the names of its columns', async () => {
    const bench = await openBench(open);
    await bench.load({
      rows: [
        { day: '2026-11-01', id: 'x', value: 1 },
        { day: '2026-11-02', id: null, value: null },
      ],
    });
    await bench.warehouse.prepare([copies]);
    const stage = await bench.warehouse.openStage(copies, 'q');
    expect(await stage.fill(`select value * 10 as value, id, day from ${table} -- all of them\n`)).toBe(2);
    expect(stage.rows).toBe(2);
    const [outcome] = await bench.warehouse.commit(bench.commitOf([stage], { rows: [], origin: 'q' }));
    await stage.discard();
    expect(outcome).toMatchObject({ table: 'copies', inserted: 2 });
    expect(
      await bench.rows('select day, id, value, _origin, _extra from conformance.copies order by day'),
    ).toEqual([
      ['2026-11-01', 'x', 10, 'q', null],
      ['2026-11-02', null, null, 'q', null],
    ]);
  });

  it('says what is wrong with a query that fails, and keeps nothing of it', async () => {
    const bench = await openBench(open);
    await bench.warehouse.prepare([items(), copies]);
    const stage = await bench.warehouse.openStage(copies, 'q');
    await expect(stage.fill(`select no_such_column as value, id, day from ${table}`)).rejects.toMatchObject({
      kind: 'fatal',
      code: 'bad-input',
      message: expect.stringContaining('no_such_column'),
    });
    expect(stage.rows).toBe(0);
    await stage.discard();
  });
}

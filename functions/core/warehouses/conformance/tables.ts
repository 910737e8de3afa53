import { expect, it } from 'vitest';
import type { OpenPlace } from './bench.ts';
import { column, items, openBench } from './bench.ts';

export function tableTests(open: OpenPlace): void {
  it('creates a table with the columns of its schema file in order, then the kit’s own', async () => {
    const bench = await openBench(open);
    await bench.warehouse.prepare([items()]);
    const { columns, rows } = await bench.warehouse.query('select * from conformance.items');
    expect(columns).toEqual(['day', 'id', 'value', '_origin', '_extra']);
    expect(rows).toEqual([]);
  });

  it('may be called again and again', async () => {
    const bench = await openBench(open);
    await bench.load({ rows: [{ day: '2026-11-01', id: 'x', value: 1 }] });
    await bench.warehouse.prepare([items(), items({ name: 'others' })]);
    await bench.warehouse.prepare([items(), items({ name: 'others' })]);
    expect(await bench.items()).toEqual(['2026-11-01 x 1']);
  });

  it('adds a NULLABLE column that the schema file gained, and keeps the order of the others', async () => {
    const bench = await openBench(open);
    await bench.load({ rows: [{ day: '2026-11-01', id: 'x', value: 1 }] });
    const [day, id, value] = items().columns;
    if (day === undefined || id === undefined || value === undefined) throw new Error('columns are missing');
    const grown = items({ columns: [id, column('note', 'STRING'), value, day] });
    await bench.load({ target: grown, rows: [{ day: '2026-11-01', id: 'y', value: 2, note: 'n' }] });
    const { columns, rows } = await bench.warehouse.query('select * from conformance.items order by id');
    expect(columns).toEqual(['day', 'id', 'value', '_origin', '_extra', 'note']);
    expect(rows).toEqual([
      ['2026-11-01', 'x', 1, 'a', null, null],
      ['2026-11-01', 'y', 2, 'a', null, 'n'],
    ]);
  });

  it('refuses a gained column that is REQUIRED, and changes nothing', async () => {
    const bench = await openBench(open);
    await bench.warehouse.prepare([items()]);
    const columns = [...items().columns, column('a', 'STRING'), column('b', 'STRING', 'REQUIRED')];
    await expect(bench.warehouse.prepare([items({ columns })])).rejects.toMatchObject({
      kind: 'fatal',
      code: 'bad-schema',
      message:
        '[conformance.items] the table exists without the REQUIRED column "b"; ' +
        'make it NULLABLE in schemas/conformance/items.json, or load the table anew',
    });
    expect((await bench.warehouse.query('select * from conformance.items')).columns).toHaveLength(5);
  });

  it('refuses a column that exists with another type, naming both', async () => {
    const bench = await openBench(open);
    await bench.warehouse.prepare([items()]);
    const columns = [column('day', 'DATE'), column('id', 'STRING'), column('value', 'FLOAT')];
    await expect(bench.warehouse.prepare([items({ columns })])).rejects.toMatchObject({
      kind: 'fatal',
      code: 'bad-schema',
      message: expect.stringMatching(
        /^\[conformance\.items\] column "value" of the table has another type than schemas\/conformance\/items\.json: got ".+"; allowed: .+; change the schema file back/,
      ),
    });
  });

  it('lets a column that was REQUIRED hold NULL when the schema file allows it now', async () => {
    const bench = await openBench(open);
    const [day, id] = items().columns;
    if (day === undefined || id === undefined) throw new Error('columns are missing');
    await bench.warehouse.prepare([items({ columns: [day, id, column('value', 'INTEGER', 'REQUIRED')] })]);
    await bench.load({ rows: [{ day: '2026-11-01', id: 'x' }] });
    expect(await bench.items()).toEqual(['2026-11-01 x null']);
  });
}

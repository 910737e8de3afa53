import { expect, it } from 'vitest';
import { createRowChecker } from '../../rows/check.ts';
import type { ConformanceOptions } from '../conformance.ts';
import type { OpenPlace } from './bench.ts';
import { column, items, openBench } from './bench.ts';
import { allDays } from './values.ts';

export function stageTests(
  open: OpenPlace,
  { holdsNul = true, days = allDays }: Pick<ConformanceOptions, 'holdsNul' | 'days'>,
): void {
  it('shows nothing of a stage before its commit, and nothing after it is discarded', async () => {
    const bench = await openBench(open);
    const staged = await bench.stage({ rows: [{ day: '2026-11-01', id: 'x', value: 1 }] });
    expect(staged.rows).toBe(1);
    expect(await bench.items()).toEqual([]);
    await staged.discard();
    await staged.discard();
    expect(await bench.items()).toEqual([]);
  });

  it('keeps rows of many batches of any size', async () => {
    const bench = await openBench(open);
    await bench.warehouse.prepare([items()]);
    const staged = await bench.warehouse.openStage(items(), 'a');
    const checker = createRowChecker(items().columns, { origin: 'a' });
    let next = 0;
    for (const size of [1, 0, 2047, 2048, 2049, 5000]) {
      const rows = Array.from({ length: size }, () => {
        next += 1;
        return { day: '2026-11-01', id: String(next), value: next };
      });
      await staged.append(checker.check(rows).batch);
    }
    expect(staged.rows).toBe(11_145);
    await bench.warehouse.commit(bench.commitOf([staged], { rows: [] }));
    expect(
      await bench.rows('select count(*), count(distinct id), sum(value) from conformance.items'),
    ).toEqual([[11_145, 11_145, (11_145 * 11_146) / 2]]);
  });

  it('keeps every value as it came', async () => {
    const bench = await openBench(open);
    const target = items({
      key: ['name'],
      columns: [
        column('name', 'STRING', 'REQUIRED'),
        column('big', 'INTEGER'),
        column('exact', 'NUMERIC'),
        column('real', 'FLOAT'),
        column('is_on', 'BOOLEAN'),
        column('day', 'DATE'),
      ],
    });
    await bench.load({
      target,
      rows: [
        {
          name: '1 naïve 日本語 🛠\n"quoted"',
          big: 9223372036854775807n,
          exact: '99999999999999999999999999999.999999999',
          real: 0.1,
          is_on: true,
          day: days.end,
        },
        {
          name: '2',
          big: -9223372036854775808n,
          exact: '-99999999999999999999999999999.999999999',
          real: -1.7976931348623157e308,
          is_on: false,
          day: days.start,
        },
        { name: '3', big: 9007199254740991, exact: '0.000000001', real: 5e-324, day: '1969-12-31' },
        { name: '' },
      ],
    });
    const { rows } = await bench.warehouse.query(
      'select name, big, exact, real, is_on, day from conformance.items order by name',
    );
    expect(rows).toEqual([
      ['', null, null, null, null, null],
      [
        '1 naïve 日本語 🛠\n"quoted"',
        '9223372036854775807',
        '99999999999999999999999999999.999999999',
        0.1,
        true,
        days.end,
      ],
      [
        '2',
        '-9223372036854775808',
        '-99999999999999999999999999999.999999999',
        -1.7976931348623157e308,
        false,
        days.start,
      ],
      ['3', 9007199254740991, '0.000000001', 5e-324, null, '1969-12-31'],
    ]);
  });

  it('keeps a NUL character in a text, or gives that row back and keeps the others', async () => {
    const bench = await openBench(open);
    const nul = { day: '2026-11-01', id: 'a\u0000b', value: 1 };
    const good = { day: '2026-11-01', id: 'good', value: 2 };
    const staged = await bench.stage({ rows: [good, nul, { ...good, id: 'also good' }] });
    await bench.warehouse.commit(bench.commitOf([staged], { rows: [] }));
    const ids = (await bench.rows('select id from conformance.items order by value, id')).flat();
    if (holdsNul) expect(ids).toEqual(['a\u0000b', 'also good', 'good']);
    else {
      expect(ids).toEqual(['also good', 'good']);
      expect(staged.rows).toBe(2);
      expect(staged.refused).toMatchObject([{ reason: expect.stringContaining('NUL') }]);
      expect(JSON.stringify(staged.refused)).not.toContain('a\u0000b');
    }
  });

  it('keeps the first and the last day, and gives rows back with days beyond', async () => {
    const bench = await openBench(open);
    const rows = [allDays.start, days.start, days.end, allDays.end].map((day, value) => ({
      day,
      id: day,
      value,
    }));
    const staged = await bench.stage({ rows });
    await bench.warehouse.commit(bench.commitOf([staged], { rows: [] }));
    const held = rows.filter(({ day }) => day >= days.start && day <= days.end);
    const kept = [...new Set(held.map(({ day }) => day))];
    expect((await bench.rows('select day from conformance.items order by day')).flat()).toEqual(kept);
    const refused = staged.refused ?? [];
    expect(refused).toHaveLength(rows.length - held.length);
    for (const { path, reason } of refused) {
      expect(path).toBe('day');
      expect(reason).toContain(days.start);
    }
  });

  it('tells an empty text from NULL', async () => {
    const bench = await openBench(open);
    await bench.load({
      rows: [
        { day: '2026-11-01', id: '', value: 1 },
        { day: '2026-11-01', id: null, value: 2 },
      ],
    });
    expect(await bench.rows('select value from conformance.items where id is null')).toEqual([[2]]);
    expect(await bench.rows(`select value from conformance.items where id = ''`)).toEqual([[1]]);
  });

  it('keeps fields without a column in _extra', async () => {
    const bench = await openBench(open);
    await bench.load({ rows: [{ day: '2026-11-01', id: 'x', value: 1, colour: 'red' }] });
    const [[extra] = []] = await bench.rows('select _extra from conformance.items');
    expect(JSON.parse(String(extra))).toEqual({ colour: 'red' });
  });
}

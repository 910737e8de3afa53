import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Warehouse } from '../warehouse.ts';
import { useServer } from './testing.ts';

const fixture = useServer();
let warehouse: Warehouse;

beforeAll(async () => {
  warehouse = await fixture.open('main');
});
afterAll(() => warehouse.close());

const value = async (sql: string) => (await warehouse.query(`select ${sql}`)).rows[0]?.[0];

describe('a query', () => {
  it('gives integers as numbers where a number holds them, and as text beyond', async () => {
    expect(await value('9007199254740991')).toBe(9007199254740991);
    expect(await value('9007199254740993')).toBe('9007199254740993');
    expect(await value(`'-9223372036854775808'::bigint`)).toBe('-9223372036854775808');
    expect(await value('sum(x) from generate_series(0, 2) x')).toBe(3);
  });

  it('gives decimals, dates and times as text, moments in UTC', async () => {
    expect(await value('12.50::numeric(38,9)')).toBe('12.500000000');
    expect(await value(`date '2026-11-12'`)).toBe('2026-11-12');
    expect(await value(`time '06:07:08.000009'`)).toBe('06:07:08.000009');
    expect(await value(`timestamp '2026-11-12 06:07:08.000009'`)).toBe('2026-11-12 06:07:08.000009');
    expect(await value(`timestamptz '2026-11-12 06:07:08.5+05:30'`)).toBe('2026-11-12 00:37:08.5+00');
  });

  it('is JSON all through, also for numbers that JSON has not', async () => {
    const { rows } = await warehouse.query(
      `select 'nan'::float8, 'infinity'::float8, 0.5::float8, null, true, '{"a": 1}'::jsonb`,
    );
    expect(JSON.parse(JSON.stringify(rows))).toEqual([['NaN', 'Infinity', 0.5, null, true, '{"a": 1}']]);
  });

  it('says what is wrong with the SQL', async () => {
    await expect(warehouse.query('selekt 1')).rejects.toMatchObject({
      kind: 'fatal',
      code: 'bad-input',
      message: expect.stringContaining('the query failed: syntax error at or near "selekt"'),
    });
    await expect(warehouse.query('select * from nowhere')).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('relation "nowhere" does not exist'),
    });
    await expect(warehouse.query(' ; -- nothing')).rejects.toMatchObject({
      code: 'bad-input',
      message: 'there is no query; allowed: one SQL statement',
    });
  });

  it.each([
    'insert into catchment.cursors values (1)',
    'create table t (a int)',
    'with gone as (delete from catchment.runs returning 1) select * from gone',
    'explain analyze delete from catchment.runs',
    `copy (select 1) to program 'true'`,
    '/* a comment */ copy catchment.runs to stdout',
    'commit',
    'set session timezone = 3',
    'do $$ begin end $$',
    'select 1; delete from catchment.runs',
  ])('changes nothing: %s', async (sql) => {
    await expect(warehouse.query(sql)).rejects.toMatchObject({ kind: 'fatal', code: 'bad-input' });
    expect(await value(`current_setting('timezone')`)).toBe('UTC');
  });
});

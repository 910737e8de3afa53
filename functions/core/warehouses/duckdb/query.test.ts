import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Warehouse } from '../warehouse.ts';
import { openDuckdb } from './warehouse.ts';

let folder = '';
let warehouse: Warehouse;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-duckdb-'));
  warehouse = await openDuckdb({ path: join(folder, 'main.duckdb') });
});
afterAll(async () => {
  await warehouse.close();
  await rm(folder, { recursive: true });
});

const value = async (sql: string) => (await warehouse.query(`select ${sql}`)).rows[0]?.[0];

describe('a query', () => {
  it('gives integers as numbers where a number holds them, and as text beyond', async () => {
    expect(await value('[9007199254740991, 9007199254740992, -9007199254740991, -9007199254740993]')).toEqual(
      [9007199254740991, '9007199254740992', -9007199254740991, '-9007199254740993'],
    );
    expect(await value('sum(x) from range(3) r(x)')).toBe(3);
  });

  it('gives decimals, dates and times as text, moments in UTC', async () => {
    expect(await value(`12.50::decimal(38,9)`)).toBe('12.500000000');
    expect(await value(`date '2026-11-12'`)).toBe('2026-11-12');
    expect(await value(`time '06:07:08.000009'`)).toBe('06:07:08.000009');
    expect(await value(`timestamp '2026-11-12 06:07:08.000009'`)).toBe('2026-11-12 06:07:08.000009');
    expect(await value(`timestamptz '2026-11-12 06:07:08.5+05:30'`)).toBe('2026-11-12 00:37:08.5+00');
  });

  it('converts lists and records to their depth', async () => {
    expect(
      await value(
        `{'a': [{'b': 9223372036854775807, 'c': date '2026-01-02'}, null], 'd': map {'k': 1::bigint}}`,
      ),
    ).toEqual({ a: [{ b: '9223372036854775807', c: '2026-01-02' }, null], d: [{ key: 'k', value: 1 }] });
  });

  it('is JSON all through, also for numbers that JSON has not', async () => {
    const { rows } = await warehouse.query(`select 'nan'::double, 'inf'::double, 0.1, null, true`);
    expect(JSON.parse(JSON.stringify(rows))).toEqual([['NaN', 'Infinity', '0.1', null, true]]);
  });

  it('may be DESCRIBE, SHOW, PIVOT, EXPLAIN and FROM', async () => {
    expect((await warehouse.query('describe catchment.runs')).rows[0]?.[0]).toBe('run_id');
    expect((await warehouse.query('show all tables')).rows.length).toBeGreaterThan(0);
    expect((await warehouse.query(`pivot (select 'x' k, 2 v) on k using sum(v)`)).rows).toEqual([[2]]);
    expect((await warehouse.query('explain select 1')).columns).toEqual(['explain_key', 'explain_value']);
    expect((await warehouse.query('from range(2); -- done')).rows).toEqual([[0], [1]]);
  });

  it('names columns apart that have one name', async () => {
    expect((await warehouse.query('select 1 as a, 2 as a')).columns).toEqual(['a', 'a:1']);
  });

  it('says what is wrong with the SQL', async () => {
    await expect(warehouse.query('selekt 1')).rejects.toMatchObject({
      kind: 'fatal',
      code: 'bad-input',
      message: expect.stringMatching(/^the query failed: Parser Error: syntax error at or near "selekt"/),
    });
    await expect(warehouse.query('from nowhere')).rejects.toMatchObject({
      message: expect.stringMatching(
        /^the query failed: Catalog Error: Table with name nowhere does not exist!/,
      ),
    });
    await expect(warehouse.query(' ; ')).rejects.toMatchObject({
      code: 'bad-input',
      message: 'there is no query; allowed: one SQL statement',
    });
  });

  it('changes nothing, whatever it says', async () => {
    const refused = 'allowed: SQL that reads; tables are written by runs only';
    for (const sql of [
      'create table catchment.mine (a int)',
      'insert into catchment.ledger_version values (7)',
      'drop schema catchment cascade',
    ])
      await expect(warehouse.query(sql), sql).rejects.toMatchObject({
        code: 'bad-input',
        message: `this query would change the warehouse; ${refused}`,
      });
    for (const sql of [
      'commit',
      `attach '${folder}/other.duckdb' as other`,
      `copy catchment.runs to '${folder}/runs.csv'`,
      `set memory_limit = '1GB'`,
      'vacuum',
    ])
      await expect(warehouse.query(sql), sql).rejects.toMatchObject({
        code: 'bad-input',
        message: `this statement does more than read; ${refused}`,
      });
    for (const sql of ['commit; drop table catchment.runs', 'select 1; commit; drop table catchment.runs'])
      await expect(warehouse.query(sql), sql).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringMatching(
          /^these are several statements: got [23]; allowed: one SQL statement$/,
        ),
      });
    expect(await value('count(*) from catchment.ledger_version')).toBe(1);
    expect((await warehouse.query('from catchment.runs')).rows).toEqual([]);
  });
});

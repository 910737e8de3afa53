import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bench } from '../conformance/bench.ts';
import { column, items, openBench } from '../conformance/bench.ts';
import { openDatabase } from './database.ts';
import { openDuckdb } from './warehouse.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-duckdb-'));
});
afterAll(() => rm(folder, { recursive: true }));

const pathOf = (place: string) => join(folder, `${place}.duckdb`);
const openOne = () => openBench((place) => openDuckdb({ path: pathOf(place) }));

/** Does by hand what somebody did to the table before the kit came. */
async function byHand(bench: Bench, ...statements: string[]): Promise<void> {
  const database = await openDatabase(pathOf(bench.place), '512MB');
  for (const sql of statements) await database.write((connection) => connection.run(sql));
  await database.close();
}

const old = `CREATE TABLE conformance.items (
  value BIGINT, note VARCHAR DEFAULT 'none', day DATE, id VARCHAR NOT NULL, _extra JSON, _origin VARCHAR)`;

describe('write modes on a table that somebody else made', () => {
  it.each(['append', 'merge', 'replace', 'replaceWindow'] as const)(
    '%s keeps the order of its columns, its own columns, defaults and NOT NULL',
    async (mode) => {
      const bench = await openOne();
      await byHand(
        bench,
        'CREATE SCHEMA conformance',
        old,
        `INSERT INTO conformance.items VALUES (1, 'mine', '2026-11-01', 'x', NULL, NULL)`,
      );
      const [day, , value] = items().columns;
      if (day === undefined || value === undefined) throw new Error('columns are missing');
      const columns = [day, column('id', 'STRING', 'REQUIRED'), value];
      for (const key of [['day', 'id'], []]) {
        if (mode === 'merge' && key.length === 0) continue;
        await bench.load({
          mode,
          target: items({ columns, key }),
          rows: [{ day: '2026-11-02', id: 'y', value: 2 }],
        });
        const described = await bench.rows('describe conformance.items');
        expect(described.map(([name, , isNull, , fallback]) => [name, isNull, fallback])).toEqual([
          ['value', 'YES', null],
          ['note', 'YES', "'none'"],
          ['day', 'YES', null],
          ['id', 'NO', null],
          ['_extra', 'YES', null],
          ['_origin', 'YES', null],
        ]);
        expect(await bench.rows(`select distinct note, day from conformance.items where id = 'y'`)).toEqual([
          ['none', '2026-11-02'],
        ]);
      }
    },
  );

  it('replace keeps indexes and constraints', async () => {
    const bench = await openOne();
    const target = items({ key: [] });
    const rows = [{ day: '2026-11-01', id: 'x', value: 1 }];
    await bench.load({ target, mode: 'replace', rows });
    await byHand(bench, 'CREATE INDEX by_value ON conformance.items (value)');
    expect(await bench.load({ target, mode: 'replace', rows })).toMatchObject({ inserted: 1, deleted: 1 });
    expect(await bench.rows('select index_name from duckdb_indexes()')).toEqual([['by_value']]);
  });

  it.each(['append', 'merge', 'replace', 'replaceWindow'] as const)(
    '%s leaves everything as it was when one row breaks a constraint of the table',
    async (mode) => {
      const bench = await openOne();
      await byHand(
        bench,
        'CREATE SCHEMA conformance',
        `CREATE TABLE conformance.items (day DATE, id VARCHAR, value BIGINT CHECK (value < 100), _origin VARCHAR, _extra JSON)`,
      );
      await bench.load({
        mode,
        slice: 's1',
        cursor: '2026-11-01',
        rows: [{ day: '2026-11-01', id: 'x', value: 1 }],
      });
      const rows = Array.from({ length: 101 }, (_, value) => ({
        day: '2026-11-01',
        id: `id ${value}`,
        value,
      }));
      const window = { start: '2026-11-01', end: '2026-11-02' };
      await expect(
        bench.load({ mode, window, slice: 's2', cursor: '2026-11-02', rows }),
      ).rejects.toMatchObject({
        kind: 'fatal',
        code: 'warehouse',
        message: expect.stringMatching(/^DuckDB: Constraint Error: CHECK constraint failed/),
      });
      expect(await bench.items()).toEqual(['2026-11-01 x 1']);
      expect(await bench.rows('select value from catchment.cursors')).toEqual([['2026-11-01']]);
      expect(await bench.rows('select slice_id from catchment.slices')).toEqual([['s1']]);
    },
  );

  it('refuses a view, and a column that must be filled and is unknown', async () => {
    const bench = await openOne();
    await byHand(
      bench,
      'CREATE SCHEMA conformance',
      'CREATE VIEW conformance.items AS SELECT 1 AS day',
      'CREATE TABLE conformance.others (day DATE, id VARCHAR, value BIGINT, secret_no BIGINT NOT NULL)',
      'CREATE TABLE conformance.gone (day DATE)',
      'CREATE VIEW conformance.empty AS FROM conformance.gone',
      'DROP TABLE conformance.gone',
    );
    for (const name of ['items', 'empty'])
      await expect(bench.warehouse.prepare([items({ name })])).rejects.toMatchObject({
        code: 'bad-schema',
        message: `[conformance.${name}] there is a view of this name; rename the table in the stack file, or drop the view`,
      });
    await expect(bench.warehouse.prepare([items({ name: 'others' })])).rejects.toMatchObject({
      code: 'bad-schema',
      message:
        '[conformance.others] the table demands a value for its column "secret_no", which schemas/conformance/items.json lacks; ' +
        'add the column to the schema file, or allow NULL in the table',
    });
  });
});

describe('values that DuckDB has types of its own for', () => {
  it('come back as they went in', async () => {
    const bench = await openOne();
    const part = {
      ...column('parts', 'RECORD', 'REPEATED'),
      fields: [column('no', 'INTEGER'), column('tags', 'STRING', 'REPEATED')],
    };
    const target = items({
      key: ['id'],
      columns: [
        column('id', 'INTEGER'),
        column('at', 'TIMESTAMP'),
        column('local', 'DATETIME'),
        column('clock', 'TIME'),
        column('raw', 'BYTES'),
        column('doc', 'JSON'),
        column('huge', 'BIGNUMERIC'),
        { ...column('box', 'RECORD'), fields: [column('day', 'DATE'), column('price', 'NUMERIC'), part] },
        column('days', 'DATE', 'REPEATED'),
      ],
    });
    const full = {
      id: 1,
      at: '2026-11-12T06:07:08.000009Z',
      local: '1969-12-31 23:59:59.999999',
      clock: '23:59:59.999999',
      raw: 'AP8=',
      doc: { a: [1, null, 'é'] },
      huge: '12345678901234567890123456789012345678.00000000000000000000000000000000000009',
      box: {
        day: '2026-01-02',
        price: '-1.5',
        parts: [{ no: 9007199254740993n, tags: ['a', ''] }, { no: null }],
      },
      days: ['2026-01-01', '2026-01-02'],
    };
    await bench.load({ target, rows: [full, { id: 2, box: { day: null } }, { id: 3, days: [] }] });
    expect(
      await bench.rows(
        'select "at", local, clock, base64(raw), doc, huge, box, days from conformance.items where id = 1',
      ),
    ).toEqual([
      [
        '2026-11-12 06:07:08.000009+00',
        '1969-12-31 23:59:59.999999',
        '23:59:59.999999',
        'AP8=',
        '{"a":[1,null,"é"]}',
        '12345678901234567890123456789012345678.00000000000000000000000000000000000009',
        {
          day: '2026-01-02',
          price: '-1.500000000',
          parts: [
            { no: '9007199254740993', tags: ['a', ''] },
            { no: null, tags: [] },
          ],
        },
        ['2026-01-01', '2026-01-02'],
      ],
    ]);
    const again = await bench.load({ target, rows: [full] });
    expect(again).toMatchObject({ inserted: 0, updated: 0, unchanged: 1 });
  });
});

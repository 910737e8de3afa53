import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startClickhouse } from '../../../../tests/setup/clickhouse.ts';
import { unavailable } from '../../../../tests/setup/unavailable.ts';
import { column, items } from '../conformance/bench.ts';
import type { LoadFixture } from './load-fixture.ts';
import { openFixture } from './load-fixture.ts';

const target = items({
  ...{ key: [], writeMode: 'append' },
  columns: [
    column('id', 'INTEGER', 'REQUIRED'),
    ...[column('amount', 'NUMERIC'), column('rate', 'FLOAT'), column('is_paid', 'BOOLEAN')],
    ...[column('day', 'DATE'), column('placed', 'DATETIME'), column('moment', 'TIMESTAMP')],
    ...[column('note', 'STRING'), column('more', 'JSON')],
  ],
});

const jsonText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !/[\0\ud800-\udfff]/.test(text)),
  fc.constantFrom('', 'null', '\\N', '"', 'a"b\\c\n\t/', 'é🛰', '12', '{}'),
);
const days = fc.date({
  min: new Date('1900-01-01'),
  max: new Date('2299-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
const nested = fc.oneof(
  fc.dictionary(
    fc.constantFrom('a', 'b c', 'ü'),
    fc.oneof(fc.integer(), jsonText, fc.boolean(), fc.constant(null)),
  ),
  fc.array(fc.oneof(fc.integer(), jsonText)),
);
const maybe = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) });

/** Records with any of the fields. JSON numbers are written as JavaScript does, so most of the rates have 17 digits. */
const records = fc
  .sample(
    fc.record(
      {
        amount: maybe(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((whole) => whole / 1000)),
        rate: maybe(
          fc
            .double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 })
            .filter((rate) => !/e-?\d{3}/.test(String(rate))),
        ),
        is_paid: maybe(fc.boolean()),
        day: maybe(days.map((date) => date.toISOString().slice(0, 10))),
        placed: maybe(days.map((date) => date.toISOString().slice(0, 19).replace('T', ' '))),
        moment: maybe(days.map((date) => date.toISOString().slice(0, 23))),
        note: maybe(jsonText),
        more: maybe(nested),
      },
      { requiredKeys: [] },
    ),
    { seed: 20_261_121, numRuns: 500 },
  )
  .map((record, id) => ({ id, ...record }));

/** JSON columns as values: readers may write the same JSON in two ways. */
function parsed(rows: readonly (readonly unknown[])[]) {
  return rows.map((row) =>
    row.map((cell, index) => (index === 8 && typeof cell === 'string' ? JSON.parse(cell) : cell)),
  );
}

/** Moments are written with the zone, and texts with a mark before the signs that send a file the other way. */
function cellOf(value: unknown, name: string): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (name === 'moment') return `${text}${text.endsWith('7') ? 'Z' : '+00'}`;
  return name === 'note' || name === 'more'
    ? `"${text.replace(/^\\|\n\\/, 'x').replaceAll('"', '""')}"`
    : text;
}

describe.skipIf(unavailable('clickhouse') !== undefined)('files that ClickHouse reads itself', () => {
  let fixture: LoadFixture;

  beforeAll(async () => {
    fixture = await openFixture(await startClickhouse());
  });

  afterAll(() => fixture.stop());

  describe('JSON Lines', () => {
    it('make the same table as through the checked reader', async () => {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      const files = [{ path: await fixture.put('many.ndjson', lines), format: 'ndjson' }] as const;
      const direct = await fixture.load(target, files, { isDirect: true });
      const checked = await fixture.check(target, files);
      expect(direct.loaded).toMatchObject({ read: 500, quarantined: [], drift: [] });
      expect(parsed(direct.rows)).toEqual(parsed(checked.rows));
    });

    it('may have blanks between parts, fields in any order and no end of the last line', async () => {
      const text = ' { "note" : "x" ,\t"id": 1 } \n{"id":2,"more":{"a":[1,{"b":null}]}}';
      const files = [{ path: await fixture.put('blanks.ndjson', text), format: 'ndjson' }] as const;
      const direct = await fixture.load(target, files, { isDirect: true });
      expect(direct.rows.map((row) => [row[0], row[7], row[8]])).toEqual([
        [1, 'x', null],
        [2, null, '{"a":[1,{"b":null}]}'],
      ]);
    });

    // Each makes the whole file take the other way; most of them are quarantined or kept in `_extra` there.
    it.each([
      ...[
        '{"id":1.0}',
        '{"id":"1"}',
        '{"id":01}',
        '{"id":9223372036854775808}',
        '{"id":null}',
        '{}',
        '{"note":"x"}',
      ],
      ...['{"id":9,"id":8}', '{"id":9,"new":1}', '{"ID":9}', '{"id":9,"note":5}', '{"id":9,"note":["x"]}'],
      ...[
        '{"id":9,"amount":1.1234567891}',
        '{"id":9,"amount":"1.5"}',
        '{"id":9,"rate":1e400}',
        '{"id":9,"rate":"1"}',
      ],
      ...[
        '{"id":9,"day":"2023-02-29"}',
        '{"id":9,"day":"1899-12-31"}',
        '{"id":9,"moment":"2024-01-01T00:00:00Z"}',
      ],
      ...[
        '{"id":9,"note":"\\ud800"}',
        '{"id":9,"note":"a\\u0041"}',
        '{"id":9,"more":5}',
        '{"id":9,"more":{"a":1.50}}',
      ],
      ...['{"id":9', '[1]', 'null', '', '{"id":9} {"id":10}', '{"id":9}x', '{"id":9,"is_paid":1}'],
    ])('give the same rows as the checked reader: %s', async (line) => {
      const text = `{"id":1,"note":"first"}\n${line}\n{"id":2,"note":"last"}\n`;
      const files = [{ path: await fixture.put('odd.ndjson', text), format: 'ndjson' }] as const;
      const asItIs = await fixture.load(target, files);
      const checked = await fixture.check(target, files);
      expect(asItIs.rows).toEqual(checked.rows);
      expect(asItIs.loaded.quarantined).toEqual(checked.loaded.quarantined);
      expect(asItIs.loaded.drift).toEqual(checked.loaded.drift);
    });
  });

  describe('CSV', () => {
    it('makes the same table as through the checked reader', async () => {
      const names = target.columns.map(({ name }) => name);
      const lines = records.map((record) =>
        names.map((name) => cellOf((record as Record<string, unknown>)[name], name)).join(','),
      );
      const text = `${[names.join(','), ...lines].join('\n')}\n`;
      const files = [{ path: await fixture.put('many.csv', text), format: 'csv' }] as const;
      const direct = await fixture.load(target, files, { isDirect: true });
      const checked = await fixture.check(target, files);
      expect(direct.loaded).toMatchObject({ read: 500, quarantined: [], drift: [] });
      expect(parsed(direct.rows)).toEqual(parsed(checked.rows));
    });
  });

  describe('Parquet', () => {
    async function parquet(name: string, select: string, options = '', format = 'parquet'): Promise<string> {
      const path = join(fixture.folder, name);
      const instance = await DuckDBInstance.create(':memory:');
      const connection = await instance.connect();
      await connection.run(
        `set TimeZone = 'UTC'; copy (${select}) to '${path}' (format ${format}${options})`,
      );
      connection.closeSync();
      instance.closeSync();
      return path;
    }

    const flat = { ...target, columns: [...target.columns, column('opens', 'TIME')] };
    const values = `i as id, case when i % 7 > 0 then (i * 1.001)::decimal(38,9) end as amount, case when i % 5 > 0 then i / 3 end::double as rate,
      case i % 3 when 0 then true when 1 then false end as is_paid, case when i % 4 > 0 then date '1900-01-01' + (i * 72)::int end as day,
      timestamp '1969-12-31 23:59:59.999999' + i * interval '1.000001 hours' as placed,
      case when i % 6 > 0 then '2024-01-01 00:00:00+00'::timestamptz + i * interval '1.000001 seconds' end as moment,
      case i % 4 when 0 then '' when 1 then 'tab\t"é🛰\n' when 2 then '\\N' end as note,
      case when i % 9 > 0 then json_object('n', i, 'text', 'é"') end as more,
      case when i % 8 > 0 then (timestamp '2024-01-01' + i * interval '43.2001 seconds')::time end as opens`;

    it.each([
      ['as it comes', values, ''],
      [
        'of narrower types',
        `i::integer as id, 1.25::decimal(5,2) as amount, 1.5::float as rate, date_trunc('milliseconds', now()::timestamp)::timestamp_ms as placed`,
        '',
      ],
      ['packed with zstd in small groups', values, ', compression zstd, row_group_size 2048'],
    ])('%s makes the same table as through the checked reader', async (_, select, options) => {
      const path = await parquet('many.parquet', `select ${select} from range(2000) as r(i)`, options);
      const files = [{ path, format: 'parquet' }] as const;
      const direct = await fixture.load(flat, files, { isDirect: true });
      const checked = await fixture.check(flat, files);
      expect(direct.loaded).toMatchObject({ read: 2000, quarantined: [], drift: [] });
      expect(direct.rows).toEqual(checked.rows);
    });

    it.each(['parquet', 'csv', 'json'] as const)(
      'and other formats (%s) keep the order of their rows',
      async (as) => {
        const { columns } = target;
        const keyed = {
          ...target,
          key: ['id'],
          columns: columns.filter(({ name }) => /^(id|note)$/.test(name)),
        };
        const select = `select i % 60000 as id, repeat('x', 40) || i // 60000 as note from range(180000) as r(i)`;
        const path = await parquet(`order.${as}`, select, '', as);
        const format = as === 'json' ? 'ndjson' : as;
        const { rows } = await fixture.load(keyed, [{ path, format }], { isDirect: true, mode: 'merge' });
        expect(rows.length).toBe(60_000);
        expect(new Set(rows.map(([, note]) => note))).toEqual(new Set([`${'x'.repeat(40)}2`]));
      },
    );

    it.each([
      ['a REQUIRED column with a NULL', `nullif(i, 3) as id`],
      ['a column of its own', `i as id, 'x' as new`],
      ['a text for a number', `i::varchar as id`],
      ['a day beyond those of ClickHouse', `i as id, date '2300-01-01' as day`],
      ['a moment beyond', `i as id, timestamp '1899-12-31 23:59:59.999999' as placed`],
      ['a moment where the schema has a time without a zone', `i as id, now() as placed`],
      [
        'a number beyond 64 bits',
        `case i when 3 then 18446744073709551615::ubigint else i::ubigint end as id`,
      ],
      ['records', `i as id, {'a': i} as note`],
      ['another name', `i as "ID"`],
    ])('with %s gives the same rows as the checked reader', async (_, select) => {
      const path = await parquet('odd.parquet', `select ${select} from range(5) as r(i)`);
      const files = [{ path, format: 'parquet' }] as const;
      const asItIs = await fixture.load(flat, files);
      const checked = await fixture.check(flat, files);
      expect(asItIs.rows).toEqual(checked.rows);
      expect(asItIs.loaded.quarantined).toEqual(checked.loaded.quarantined);
      expect(asItIs.loaded.drift).toEqual(checked.loaded.drift);
    });

    it('that is damaged is named', async () => {
      const { readFile } = await import('node:fs/promises');
      const whole = await readFile(
        await parquet('whole.parquet', `select i as id, md5(i::varchar) as note from range(20000) as r(i)`),
      );
      const pages = await fixture.put('pages.parquet', Buffer.from(whole).fill(0, 4, whole.length >> 1));
      const cut = await fixture.put('cut.parquet', whole.subarray(0, whole.length - 100));
      for (const path of [pages, cut])
        await expect(fixture.load(flat, [{ path, format: 'parquet' }])).rejects.toThrow(
          `[items] this is not a whole Parquet file: got ${JSON.stringify(path)}; deliver it again; nothing of it was loaded`,
        );
    });
  });
});

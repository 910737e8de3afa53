import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TableTarget } from '../pipeline.ts';
import { checkSchema } from '../schema.ts';
import { loadFiles } from './load.ts';
import type { LoadFixture } from './load-fixture.ts';
import { openFixture } from './load-fixture.ts';
import { columnDefinitions } from './types.ts';

let fixture: LoadFixture;

beforeAll(async () => {
  fixture = await openFixture();
});

afterAll(() => fixture.close());

const ab = [
  { name: 'a', type: 'INTEGER', mode: 'REQUIRED' },
  { name: 'b', type: 'STRING' },
];

async function parquet(name: string, select: string): Promise<string> {
  const path = join(fixture.folder, name);
  await fixture.connection.run(`copy (${select}) to '${path.replaceAll("'", "''")}' (format parquet)`);
  return path;
}

describe('loading a Parquet file', () => {
  it('only reads the footer when it proves that every cell fits', async () => {
    const path = await parquet("it's.parquet", `select 1::integer as a, 'x' as b union all select 2, null`);
    const loaded = await fixture.load(ab, [{ path, format: 'parquet' }]);
    expect(loaded).toMatchObject({ read: 2, staged: 2, quarantined: [], drift: [] });
    expect(loaded.select?.sql).toBe(
      `select "a"::BIGINT, "b", 'here', null::json from read_parquet('${path.replace("'", "''")}')`,
    );
    expect(loaded.rows).toEqual([
      { a: '1', b: 'x', _origin: 'here', _extra: null },
      { a: '2', b: null, _origin: 'here', _extra: null },
    ]);
  });

  it.each([
    ['decimal(12,2)', '-9999999999.99', true, true],
    ['decimal(38,9)', '99999999999999999999999999999.999999999', true, true],
    ['decimal(38,10)', '2.0000000000', false, true],
    ['decimal(38,10)', '-1234.1234567890', false, true],
    ['decimal(38,10)', '0.0000000001', false, false],
    ['decimal(38,8)', '999999999999999999999999999999.99999999', false, false],
  ])(
    'takes a %s as a NUMERIC unread only where every value of it fits',
    async (type, text, isProven, fits) => {
      const path = await parquet('decimal.parquet', `select '${text}'::${type} as n`);
      const loaded = await fixture.load([{ name: 'n', type: 'NUMERIC' }], [{ path, format: 'parquet' }]);
      expect(loaded.select !== undefined).toBe(isProven);
      expect(loaded.rows.map(({ n }) => Number(n))).toEqual(fits ? [Number(text)] : []);
      expect(loaded.quarantined).toHaveLength(fits ? 0 : 1);
    },
  );

  it('names a file whose footer is whole and whose pages are not', async () => {
    const whole = await parquet(
      'whole.parquet',
      `select i as a, md5(i::varchar) as b from range(20000) r(i)`,
    );
    const bytes = await readFile(whole);
    const path = await fixture.put('pages.parquet', bytes.fill(0, 4, bytes.length >> 1));
    const stage = 'temp.main.pages';
    const columns = checkSchema(ab, 'ab');
    await fixture.connection.run(`create temp table pages (${columnDefinitions(columns)})`);
    const target = { name: 't', schema: 'files/t', key: [], columns } as unknown as TableTarget;
    const files = [{ path, format: 'parquet' as const }];
    const request = { target, stageTable: stage, origin: 'here', files, mayDefer: true };
    const { select } = await loadFiles(fixture.connection, request);
    const error = await fixture.connection.run(`insert into ${stage} ${select?.sql}`).catch(select?.explain);
    expect(String(error)).toBe(
      `CatchmentError: [t] this is not a whole Parquet file: got ${JSON.stringify(path)}; deliver it again; nothing of it was loaded`,
    );
    const other = new Error('TransactionContext Error: Conflict on tuple deletion!');
    expect(select?.explain(other)).toBe(other);
  });

  it('loads several files one after the other into the stage', async () => {
    const one = await parquet('one.parquet', `select 1::bigint as a, 'x' as b`);
    const two = await parquet('two.parquet', `select 'y' as b, 2::bigint as a`);
    const loaded = await fixture.load(ab, [
      { path: one, format: 'parquet' },
      { path: two, format: 'parquet' },
    ]);
    expect(loaded.select).toBeUndefined();
    expect(loaded.rows.map(({ a, b }) => [a, b])).toEqual([
      ['1', 'x'],
      ['2', 'y'],
    ]);
  });

  it('quarantines NULL in a REQUIRED column, fractions and texts that are no numbers', async () => {
    const nulls = await parquet('nulls.parquet', `select unnest([1, null, 3]) as a, 'x' as b`);
    expect(await fixture.load(ab, [{ path: nulls, format: 'parquet' }])).toMatchObject({
      read: 3,
      staged: 2,
      quarantined: [{ row: 1, path: 'a', reason: 'is required and missing', masked: 'NULL' }],
    });
    const fractions = await parquet('fractions.parquet', `select unnest([1.0, 1.5, 2]::double[]) as a`);
    const loaded = await fixture.load(ab, [{ path: fractions, format: 'parquet' }]);
    expect(loaded.rows.map(({ a }) => a)).toEqual(['1', '2']);
    expect(loaded.quarantined).toEqual([
      { row: 1, path: 'a', reason: 'is not a whole number of 64 bits', masked: '***' },
    ]);
    const texts = await parquet('texts.parquet', `select unnest(['7', 'seven']) as a`);
    expect(await fixture.load(ab, [{ path: texts, format: 'parquet' }])).toMatchObject({
      read: 2,
      staged: 1,
      rows: [{ a: '7' }],
    });
  });

  it('keeps unknown columns in _extra with their types', async () => {
    const path = await parquet(
      'extra.parquet',
      `select 1 as a, [1.5] as l, null::varchar as n, date '2026-01-02' as d`,
    );
    const loaded = await fixture.load(ab, [{ path, format: 'parquet' }]);
    expect(loaded.rows.map(({ _extra }) => _extra)).toEqual(['{"l":[1.5],"n":null,"d":"2026-01-02"}']);
    expect(loaded.drift).toEqual([
      { field: 'l', suggested: { name: 'l', type: 'FLOAT', mode: 'REPEATED' }, rows: 1 },
      { field: 'd', suggested: { name: 'd', type: 'DATE', mode: 'NULLABLE' }, rows: 1 },
    ]);
  });

  it('reads records, lists, moments and decimals of other widths, and keeps unknown fields of a record', async () => {
    const path = await parquet(
      'types.parquet',
      `select {'x': 1, 'y': 'z', 'w': 7} as r, [1, 2]::integer[] as l, timestamp '2026-01-02 03:04:05' as d, 1.25::decimal(5,2) as n`,
    );
    const columns = [
      {
        name: 'r',
        type: 'RECORD',
        fields: [
          { name: 'y', type: 'STRING' },
          { name: 'x', type: 'INTEGER' },
        ],
      },
      { name: 'l', type: 'INTEGER', mode: 'REPEATED' },
      { name: 'd', type: 'TIMESTAMP' },
      { name: 'n', type: 'NUMERIC' },
    ];
    const { rows } = await fixture.load(columns, [{ path, format: 'parquet' }]);
    expect(rows).toEqual([
      {
        r: { y: 'z', x: '1' },
        l: ['1', '2'],
        d: '2026-01-02 03:04:05+00',
        n: '1.250000000',
        _origin: 'here',
        _extra: '{"r.w":7}',
      },
    ]);
  });
});

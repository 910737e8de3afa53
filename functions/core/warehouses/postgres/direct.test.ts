import { describe, expect, it } from 'vitest';
import { column, items, openBench } from '../conformance/bench.ts';
import { streamOf } from '../conformance/text.ts';
import { copyStream, useServer } from './testing.ts';

const fixture = useServer();
const columns = ['day', 'id', 'value'];
const appended = items({ writeMode: 'append', key: [] });
const replaced = items({ writeMode: 'replace', key: [], cursor: { kind: 'snapshot' } });

const openPlace = () => openBench((place) => fixture.open(place));

/** `count` rows as binary COPY, with values from `first` on. */
const rowsFrom = (place: string, count: number, first = 1) =>
  copyStream(fixture, {
    place,
    columns,
    sql: `SELECT date '2026-11-01', 'id ' || i, i FROM generate_series(${first}::bigint, ${first + count - 1}) i`,
  });

async function pipe(
  bench: Awaited<ReturnType<typeof openPlace>>,
  target: ReturnType<typeof items>,
  count: number,
) {
  await bench.warehouse.prepare([target]);
  const stage = await bench.warehouse.openStage(target, 'a');
  const loaded = await stage.pipe([rowsFrom(bench.place, count)]);
  return { stage, loaded };
}

const count = async (bench: Awaited<ReturnType<typeof openPlace>>) =>
  (await bench.rows('select count(*), sum(value), min(_origin) from conformance.items'))[0];

describe.each([
  ['append', appended],
  ['replace', replaced],
  ['replace', { ...replaced, key: ['day', 'id'] }],
] as const)('rows piped straight to where they stay, write mode %s', (mode, target) => {
  it('are seen by nobody before the commit, and by all after it', async () => {
    const bench = await openPlace();
    const { stage, loaded } = await pipe(bench, target, 5000);
    expect(loaded).toMatchObject({ read: 5000, announced: 5000, quarantined: [] });
    expect(await count(bench)).toEqual([0, null, null]);
    const [outcome] = await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode }));
    await stage.discard();
    expect(outcome).toMatchObject({ inserted: 5000, deleted: 0 });
    expect(await count(bench)).toEqual([5000, 12_502_500, 'a']);
  });

  it('are gone when the stage is discarded, and nothing is in their way', async () => {
    const bench = await openPlace();
    const { stage } = await pipe(bench, target, 10);
    await stage.discard();
    expect(await count(bench)).toEqual([0, null, null]);
    const { rows } = await bench.warehouse.query(
      `select count(*) from pg_tables where schemaname = 'catchment_stage'`,
    );
    expect(rows).toEqual([[0]]);
    const { stage: next } = await pipe(bench, target, 3);
    await bench.warehouse.commit(bench.commitOf([next], { rows: [], mode }));
    expect(await count(bench)).toEqual([3, 6, 'a']);
  });

  it('go to quarantine when they do not fit, and the others load', async () => {
    const bench = await openPlace();
    await bench.warehouse.prepare([target]);
    const stage = await bench.warehouse.openStage(target, 'a');
    await stage.pipe([streamOf(columns, [['2026-11-01', 'x', '1']])]);
    const loaded = await stage.pipe([
      streamOf(columns, [
        ['2026-11-01', 'y', '2'],
        ['2026-11-01', 'bad', 'two'],
      ]),
    ]);
    expect(loaded.quarantined.map(({ row, path }) => [row, path])).toEqual([[1, 'value']]);
    expect(stage.rows).toBe(2);
    await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode }));
    expect(await bench.items()).toEqual(['2026-11-01 x 1', '2026-11-01 y 2']);
  });

  it('stay staged when a commit is refused, and can be committed then', async () => {
    const bench = await openPlace();
    const { stage } = await pipe(bench, target, 4);
    const commit = bench.commitOf([stage], { rows: [], mode });
    const stale = { ...commit, lease: { ...bench.lease, fence: 0 } };
    await expect(bench.warehouse.commit(stale)).rejects.toMatchObject({ code: 'lease-lost' });
    expect(await count(bench)).toEqual([0, null, null]);
    await bench.warehouse.commit(commit);
    expect(await count(bench)).toEqual([4, 10, 'a']);
  });

  it('go along with rows of another table and of other batches', async () => {
    const bench = await openPlace();
    const other = { ...target, name: 'others', declared: 'others' };
    await bench.warehouse.prepare([target, other]);
    const [first, second] = [
      await bench.warehouse.openStage(target, 'a'),
      await bench.warehouse.openStage(other, 'b'),
    ];
    await first.pipe([rowsFrom(bench.place, 5), rowsFrom(bench.place, 5, 6)]);
    await second.pipe([rowsFrom(bench.place, 7)]);
    await first.append({ rows: 1, values: [['2026-11-01'], ['row'], [100n], ['a'], [null]] });
    await bench.warehouse.commit(bench.commitOf([first, second], { rows: [], mode }));
    expect(await count(bench)).toEqual([11, 155, 'a']);
    expect(await bench.rows('select count(*), min(_origin) from conformance.others')).toEqual([[7, 'b']]);
  });
});

it('appends a slice once, however often it is committed', async () => {
  const bench = await openPlace();
  for (const outcome of [{ inserted: 3 }, { inserted: 0, unchanged: 3 }]) {
    const { stage } = await pipe(bench, appended, 3);
    const load = { rows: [], mode: 'append', slice: 's1' } as const;
    expect(await bench.warehouse.commit(bench.commitOf([stage], load))).toMatchObject([outcome]);
    await stage.discard();
  }
  expect(await count(bench)).toEqual([3, 6, 'a']);
});

it('keeps every type that a PostgreSQL source sends in binary', async () => {
  const bench = await openPlace();
  const target = items({
    ...{ name: 'typed', declared: 'typed', writeMode: 'append', key: [] },
    columns: [
      column('i', 'INTEGER'),
      column('n', 'NUMERIC'),
      column('w', 'BIGNUMERIC'),
      column('t', 'TIMESTAMP'),
      column('b', 'BYTES'),
      column('j', 'JSON'),
      column('l', 'INTEGER', 'REPEATED'),
    ],
  });
  await bench.warehouse.prepare([target]);
  const stage = await bench.warehouse.openStage(target, 'a');
  const sql = `SELECT '-9223372036854775808'::int8, 99999999999999999999999999999.999999999::numeric,
    0.00000000000000000000000000000000000001::numeric, timestamptz '2026-11-01 10:00:00.000001+00', '\\x00ff'::bytea,
    '{"big": 12345678901234567890}'::jsonb, '[1, 2]'::jsonb`;
  await stage.pipe([
    copyStream(fixture, { place: bench.place, sql, columns: ['i', 'n', 'w', 't', 'b', 'j', 'l'] }),
  ]);
  await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'append' }));
  expect(await bench.rows('select i, n, w, t, b, j, l from conformance.typed')).toEqual([
    [
      '-9223372036854775808',
      '99999999999999999999999999999.999999999',
      '0.00000000000000000000000000000000000001',
      '2026-11-01 10:00:00.000001+00',
      '\\x00ff',
      '{"big": 12345678901234567890}',
      '[1, 2]',
    ],
  ]);
});

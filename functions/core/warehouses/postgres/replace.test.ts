import { describe, expect, it } from 'vitest';
import type { Bench } from '../conformance/bench.ts';
import { items, openBench } from '../conformance/bench.ts';
import { streamOf } from '../conformance/text.ts';
import { copyStream, useServer } from './testing.ts';

const fixture = useServer();
const target = items({ writeMode: 'replace', key: [], cursor: { kind: 'snapshot' } });
const openPlace = () => openBench((place) => fixture.open(place));

/** Replaces the table by `rows` rows, all with one value. */
async function replace(bench: Bench, rows: number, value: number): Promise<void> {
  await bench.warehouse.prepare([target]);
  const stage = await bench.warehouse.openStage(target, 'a');
  const sql = `SELECT date '2026-11-01', i::text, ${value}::int8 FROM generate_series(1, ${rows}) i`;
  await stage.pipe([copyStream(fixture, { place: bench.place, sql, columns: ['day', 'id', 'value'] })]);
  await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'replace' }));
  await stage.discard();
}

const oid = (bench: Bench) => bench.rows(`select 'conformance.items'::regclass::oid`);

it.each(['a swap of tables', 'a table that a view hangs on'])(
  'shows readers the old rows or the new ones, whole: %s',
  async (kind) => {
    const bench = await openPlace();
    await replace(bench, 2000, 0);
    if (kind !== 'a swap of tables')
      await fixture.run(bench.place, 'CREATE VIEW conformance.seen AS SELECT * FROM conformance.items');
    const reader = await fixture.connect(bench.place);
    const seen = new Set<string>();
    let isDone = false;
    const reading = (async () => {
      while (!isDone) {
        const { rows } = await reader.query(
          'SELECT count(*)::int AS n, min(value)::int AS low, max(value)::int AS high FROM conformance.items',
        );
        seen.add(`${rows[0].n} ${rows[0].low === rows[0].high}`);
      }
    })();
    for (let value = 1; value <= 8; value += 1) await replace(bench, 2000, value);
    isDone = true;
    await reading;
    await reader.end();
    expect([...seen]).toEqual(['2000 true']);
    expect((await bench.rows('select min(value) from conformance.items'))[0]).toEqual([8]);
  },
);

it('never shows an empty table to a transaction that began before', async () => {
  const bench = await openPlace();
  await replace(bench, 100, 1);
  const reader = await fixture.connect(bench.place);
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await reader.query('SELECT count(*) FROM catchment.runs');
  await replace(bench, 100, 2);
  const { rows } = await reader.query('SELECT count(*)::int AS n FROM conformance.items');
  expect(rows).toEqual([{ n: 100 }]);
  await reader.end();
});

it('keeps the rights and the comment of a table that is swapped', async () => {
  const bench = await openPlace();
  await replace(bench, 3, 1);
  await fixture.run(bench.place, 'CREATE ROLE analyst');
  await fixture.run(bench.place, 'GRANT SELECT ON conformance.items TO analyst');
  await fixture.run(bench.place, `COMMENT ON TABLE conformance.items IS 'what we sell'`);
  const before = await oid(bench);
  await replace(bench, 4, 2);
  expect(await oid(bench)).not.toEqual(before);
  expect(
    await bench.rows(
      `select has_table_privilege('analyst', 'conformance.items', 'SELECT'),
         has_table_privilege('analyst', 'conformance.items', 'DELETE'), obj_description('conformance.items'::regclass)`,
    ),
  ).toEqual([[true, false, 'what we sell']]);
});

it.each([
  'CREATE VIEW conformance.seen AS SELECT * FROM conformance.items',
  'CREATE INDEX by_id ON conformance.items (id)',
  'ALTER TABLE conformance.items REPLICA IDENTITY FULL; CREATE PUBLICATION told FOR TABLE conformance.items',
  'GRANT SELECT (id) ON conformance.items TO PUBLIC',
])('fills a table in place on which something hangs: %s', async (statement) => {
  const bench = await openPlace();
  await replace(bench, 3, 1);
  await fixture.run(bench.place, statement);
  const before = await oid(bench);
  await replace(bench, 4, 2);
  expect(await oid(bench)).toEqual(before);
  expect(await bench.rows('select count(*), min(value) from conformance.items')).toEqual([[4, 2]]);
  expect(await bench.rows(`select count(*) from pg_tables where schemaname = 'catchment_stage'`)).toEqual([
    [0],
  ]);
});

describe('a table with a key', () => {
  const keyed = items({ writeMode: 'replace', key: ['day', 'id'], cursor: { kind: 'snapshot' } });
  const columns = ['day', 'id', 'value'];

  /** Replaces the table by rows of one day, each `[id, value]`, in streams of their own. */
  async function replaceBy(bench: Bench, ...streams: (readonly (readonly [string | null, number])[])[]) {
    await bench.warehouse.prepare([keyed]);
    const stage = await bench.warehouse.openStage(keyed, 'a');
    await stage.pipe(
      streams.map((rows) =>
        streamOf(
          columns,
          rows.map(([id, value]) => ['2026-11-01', id, String(value)]),
        ),
      ),
    );
    const [outcome] = await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'replace' }));
    await stage.discard();
    return outcome;
  }

  const values = (bench: Bench) => bench.rows('select id, value from conformance.items order by id');

  it('is written once, keeps the last row of a key and tells what changed, with NULL as a value like any other', async () => {
    const bench = await openPlace();
    const nothing = { inserted: 0, updated: 0, unchanged: 0, duplicates: 0, deleted: 0 };
    const [first, second] = [
      { x: 1, y: 3 },
      { gone: 4, x: 5 },
    ].map((each) => Object.entries(each));
    expect(
      await replaceBy(bench, [...(first ?? []), [null, 7]], [...(second ?? []), [null, 8]]),
    ).toMatchObject({ ...nothing, inserted: 4, duplicates: 2 });
    expect(await values(bench)).toEqual([...Object.entries({ gone: 4, x: 5, y: 3 }), [null, 8]]);
    const before = await oid(bench);
    expect(await replaceBy(bench, [...Object.entries({ x: 5, y: 30, new: 6 }), [null, 8]])).toMatchObject({
      ...nothing,
      inserted: 1,
      updated: 1,
      unchanged: 2,
      deleted: 1,
    });
    expect(await oid(bench)).not.toEqual(before);
    expect(await values(bench)).toEqual([...Object.entries({ new: 6, x: 5, y: 30 }), [null, 8]]);
  });

  it('on which something hangs is changed row by row, so that equal rows stay where they are', async () => {
    const bench = await openPlace();
    await replaceBy(bench, [
      ['x', 1],
      ['y', 2],
    ]);
    await fixture.run(bench.place, 'CREATE VIEW conformance.seen AS SELECT * FROM conformance.items');
    const place = () => bench.rows(`select xmin::text, ctid::text from conformance.items where id = 'x'`);
    const before = await place();
    expect(
      await replaceBy(bench, [
        ['x', 1],
        ['y', 20],
      ]),
    ).toMatchObject({ updated: 1, unchanged: 1 });
    expect(await place()).toEqual(before);
    expect(await values(bench)).toEqual([
      ['x', 1],
      ['y', 20],
    ]);
  });

  it('holds what it was told when something is hung on it between the rows and the commit', async () => {
    const bench = await openPlace();
    await replaceBy(bench, [['x', 1]]);
    const stage = await bench.warehouse.openStage(keyed, 'a');
    await stage.pipe([
      streamOf(columns, [
        ['2026-11-01', 'x', '1'],
        ['2026-11-01', 'y', '2'],
      ]),
    ]);
    await fixture.run(bench.place, 'CREATE VIEW conformance.seen AS SELECT * FROM conformance.items');
    const [outcome] = await bench.warehouse.commit(bench.commitOf([stage], { rows: [], mode: 'replace' }));
    expect(outcome).toMatchObject({ inserted: 1, unchanged: 1, deleted: 0 });
    expect(await bench.rows('select id, value from conformance.seen order by id')).toEqual([
      ['x', 1],
      ['y', 2],
    ]);
  });
});

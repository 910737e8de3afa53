import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ByteStream } from '../../bytes.ts';
import type { Bench } from '../conformance/bench.ts';
import { items, openBench } from '../conformance/bench.ts';
import { useServer } from './testing.ts';
import { openPostgres } from './warehouse.ts';

const fixture = useServer();
const openPlace = () => openBench((place) => fixture.open(place));
const columns = ['day', 'id', 'value'];
const old = { day: '2026-11-01', id: 'old', value: 1 };
const fresh = { day: '2026-11-02', id: 'new', value: 2 };

/** Endless rows; `strike` is called once a megabyte of them is on its way. */
function endless(strike: () => Promise<unknown>): ByteStream {
  const line = Buffer.from(`2026-11-02,new,2\n`.repeat(4096));
  async function* chunks() {
    for (let sent = 0; ; sent += 1) {
      if (sent === 16) await strike();
      yield line;
    }
  }
  return { formats: ['csv'], columns, open: () => ({ chunks: chunks(), rows: () => undefined }) };
}

const stageTables = (bench: Bench) =>
  bench.rows(`select count(*) from pg_tables where schemaname = 'catchment_stage'`);

const modes = [
  ['merge', items()],
  ['append', items({ writeMode: 'append', key: [] })],
  ['replace', items({ writeMode: 'replace', key: [], cursor: { kind: 'snapshot' } })],
] as const;

describe.each(modes)('write mode %s', (mode, target) => {
  it('loads nothing when the server dies in the middle of a COPY, and all of it the next time', async () => {
    const bench = await openPlace();
    await bench.load({ target, mode, rows: [old] });
    const stage = await bench.warehouse.openStage(target, 'a');
    await expect(stage.pipe([endless(() => fixture.server.kill())])).rejects.toMatchObject({
      kind: 'retryable',
      code: 'network',
    });
    await stage.discard().catch(() => undefined);
    await fixture.server.restart();
    expect(await bench.items()).toEqual(['2026-11-01 old 1']);
    await bench.load({ target, mode, rows: [fresh] });
    expect(await bench.items()).toContain('2026-11-02 new 2');
  });

  it('loads nothing when the connection is cut in the middle of a COPY', async () => {
    const bench = await openPlace();
    await bench.load({ target, mode, rows: [old] });
    const stage = await bench.warehouse.openStage(target, 'a');
    const cut = () =>
      fixture.run(
        bench.place,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'`,
      );
    await expect(stage.pipe([endless(cut)])).rejects.toMatchObject({ kind: 'retryable', code: 'network' });
    await stage.discard();
    expect(await bench.items()).toEqual(['2026-11-01 old 1']);
    expect(await stageTables(bench)).toEqual([[0]]);
  });

  it('commits all or nothing when the server dies in the middle of a commit', async () => {
    const bench = await openPlace();
    await bench.load({ target, mode, rows: [old], cursor: '2026-11-01' });
    const staged = await bench.stage({ target, rows: [fresh] });
    // The data is written when the commit waits for the table of slices, which somebody holds.
    const holder = await fixture.connect(bench.place);
    await holder.query('BEGIN; LOCK TABLE catchment.slices IN EXCLUSIVE MODE');
    const load = { rows: [], mode, slice: 'torn', cursor: '2026-11-02' };
    const committing = bench.warehouse.commit(bench.commitOf([staged], load));
    const failed = expect(committing).rejects.toMatchObject({ kind: 'retryable', code: 'network' });
    await waiting(bench);
    await fixture.server.kill();
    await failed;
    await staged.discard().catch(() => undefined);
    await fixture.server.restart();
    expect(await bench.items()).toEqual(['2026-11-01 old 1']);
    const { cursors, slices } = await bench.warehouse.ledger.state(bench.lease);
    expect(cursors.map(({ value }) => value)).toEqual(['2026-11-01']);
    expect(slices.map(({ sliceId }) => sliceId)).not.toContain('torn');
    await bench.load({ target, ...load, rows: [fresh] });
    expect(await bench.items()).toContain('2026-11-02 new 2');
  });

  it('loads nothing of a stage that a crash of the server emptied', async () => {
    const bench = await openPlace();
    await bench.load({ target, mode, rows: [old] });
    const staged = await bench.stage({ target, rows: [fresh] });
    await fixture.server.kill();
    await fixture.server.restart();
    const commit = () => bench.warehouse.commit(bench.commitOf([staged], { rows: [], mode }));
    // The first attempt may meet the dead connection, the second one the empty stage.
    await expect(commit()).rejects.toMatchObject({ kind: 'retryable' });
    await expect(commit()).rejects.toMatchObject({ kind: 'retryable', code: 'warehouse' });
    await staged.discard();
    expect(await bench.items()).toEqual(['2026-11-01 old 1']);
  });

  it('says that a table was dropped under the run, and makes it anew the next time', async () => {
    const bench = await openPlace();
    await bench.load({ target, mode, rows: [old] });
    const staged = await bench.stage({ target, rows: [fresh] });
    await fixture.run(bench.place, 'DROP TABLE conformance.items');
    await expect(bench.warehouse.commit(bench.commitOf([staged], { rows: [], mode }))).rejects.toMatchObject({
      kind: 'fatal',
      code: 'warehouse',
      message: expect.stringContaining('relation "conformance.items" does not exist'),
    });
    await staged.discard();
    await bench.load({ target, mode, rows: [fresh] });
    expect(await bench.items()).toEqual(['2026-11-02 new 2']);
  });

  it('says that the disk is full, and loads nothing', async () => {
    const bench = await openPlace();
    await bench.load({ target, mode, rows: [old] });
    await fixture.run(
      bench.place,
      `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
       CREATE TRIGGER full_disk BEFORE INSERT ON conformance.items FOR EACH ROW EXECUTE FUNCTION full_disk()`,
    );
    await expect(bench.load({ target, mode, rows: [fresh] })).rejects.toMatchObject({
      kind: 'fatal',
      code: 'disk-full',
    });
    expect(await bench.items()).toEqual(['2026-11-01 old 1']);
  });
});

it('says which right was taken away in the middle of a run, and loads nothing', async () => {
  await fixture.run('rights', `CREATE ROLE loader LOGIN PASSWORD 'loader-4711'`);
  const bench = await openBench(async (place) => {
    const { host, port } = fixture.server;
    const database = await fixture.databaseOf(place);
    await fixture.run(place, `GRANT CREATE ON DATABASE ${database} TO loader`);
    const config = { name: 'main', kind: 'postgres', host, port, database } as const;
    return openPostgres(config, { user: 'loader', password: 'loader-4711' });
  });
  await bench.load({ rows: [old] });
  const staged = await bench.stage({ rows: [fresh] });
  await fixture.run(bench.place, 'ALTER TABLE conformance.items OWNER TO CURRENT_USER');
  await expect(bench.warehouse.commit(bench.commitOf([staged], { rows: [] }))).rejects.toMatchObject({
    kind: 'fatal',
    code: 'warehouse',
    message: expect.stringContaining('permission denied for table items'),
  });
  await staged.discard();
  const { rows } = await fixture.run(bench.place, 'SELECT id FROM conformance.items');
  expect(rows).toEqual([{ id: 'old' }]);
});

it('drops the stages of processes that are dead, and of no others', async () => {
  const bench = await openPlace();
  const living = await bench.stage({ rows: [fresh] });
  await fixture.run(bench.place, 'CREATE TABLE catchment_stage.s12345_1 (a int)');
  const other = await fixture.open(bench.place);
  const stage = await other.openStage(items(), 'b');
  await stage.append({ rows: 1, values: [['2026-11-03'], ['b'], [3n], ['b'], [null]] });
  const { rows } = await other.query(`select count(*) from pg_tables where tablename = 's12345_1'`);
  expect(rows).toEqual([[0]]);
  await bench.warehouse.commit(bench.commitOf([living], { rows: [] }));
  expect(await bench.items()).toEqual(['2026-11-02 new 2']);
  await stage.discard();
  await living.discard();
  await other.close();
});

/** Until a backend of the place waits for a lock. */
async function waiting(bench: Bench): Promise<void> {
  const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await fixture.run(bench.place, sql)).rowCount === 0) await sleep(20);
}

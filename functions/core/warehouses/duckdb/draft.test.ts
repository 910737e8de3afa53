import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ByteStream } from '../../bytes.ts';
import { column, items, openBench } from '../conformance/bench.ts';
import { streamOf } from '../conformance/text.ts';
import { openDuckdb } from './warehouse.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-draft-'));
});

afterEach(() => rm(folder, { recursive: true }));

const path = () => join(folder, 'estate.duckdb');
const bench = () => openBench(() => openDuckdb({ path: path() }));
const columns = ['day', 'id', 'value'];
const cells = (rows: number) =>
  Array.from({ length: rows }, (_, index) => ['2026-11-01', `id ${index}`, `${index}`]);
const tables = `select table_name from duckdb_tables() where schema_name = 'conformance' order by 1`;

it('gives a table that was full to the rows of a draft, and leaves no other table behind', async () => {
  const { warehouse, commitOf, load, rows } = await bench();
  const target = items({ key: [], columns: [...items().columns, column('note', 'STRING', 'REQUIRED')] });
  await load({ target, mode: 'append', rows: [{ day: '2026-10-01', id: 'old', value: 1, note: 'n' }] });
  const stage = await warehouse.openStage(target, 'a');
  await stage.pipe([streamOf(['note', 'id'], [['', 'new']])]);
  expect(await rows('select id from conformance.items')).toEqual([['old']]);
  const outcomes = await warehouse.commit(commitOf([stage], { rows: [], mode: 'replace' }));
  await stage.discard();
  expect(outcomes).toMatchObject([{ inserted: 1, deleted: 1 }]);
  expect(await rows('select id, note from conformance.items')).toEqual([['new', '']]);
  expect(await rows(tables)).toEqual([['items']]);
  expect(
    await rows(`select column_name, is_nullable from information_schema.columns
      where table_schema = 'conformance' and column_name in ('id', 'note') order by 1`),
  ).toEqual([
    ['id', 'YES'],
    ['note', 'NO'],
  ]);
  expect(await rows(`select comment from duckdb_tables() where table_name = 'items'`)).toEqual([[null]]);
});

it('packs the columns of the kit as DuckDB itself does, and leaves no word of it in the definition', async () => {
  const { warehouse, commitOf, load, rows } = await bench();
  const target = items({ key: [] });
  await load({ target, mode: 'append', rows: [{ day: '2026-10-01', id: 'old', value: 1 }] });
  const stage = await warehouse.openStage(target, 'b');
  await stage.pipe([streamOf(columns, cells(130_000))]);
  await warehouse.commit(commitOf([stage], { rows: [], mode: 'replace' }));
  await stage.discard();
  expect(await rows('select count(*)::int, min(_origin), count(_extra)::int from conformance.items')).toEqual(
    [[130_000, 'b', 0]],
  );
  const [[sql] = []] = await rows(`select sql from duckdb_tables() where table_name = 'items'`);
  expect(String(sql)).toMatch(/_origin VARCHAR, _extra JSON\)/);
  expect(
    await rows(`select distinct compression from pragma_storage_info('conformance.items')
      where column_name = '_origin' and segment_type = 'VARCHAR'`),
  ).toEqual([['DICT_FSST']]);
});

it('keeps the indexes of a table that it replaces', async () => {
  const { warehouse, commitOf, load } = await bench();
  const target = items({ key: [] });
  await load({ target, mode: 'append', rows: [{ day: '2026-10-01', id: 'old', value: 1 }] });
  await warehouse.close();
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(path());
  const connection = await instance.connect();
  await connection.run('create index by_id on conformance.items (id)');
  connection.closeSync();
  instance.closeSync();
  const again = await openDuckdb({ path: path() });
  const stage = await again.openStage(target, 'a');
  await stage.pipe([streamOf(columns, cells(3))]);
  await again.commit(commitOf([stage], { rows: [], mode: 'replace' }));
  await stage.discard();
  expect((await again.query('select index_name from duckdb_indexes()')).rows).toEqual([['by_id']]);
  expect((await again.query(tables)).rows).toEqual([['items']]);
  expect((await again.query('select count(*) from conformance.items')).rows).toEqual([[3]]);
  await again.close();
});

it('appends to rows that are there, and drops the draft', async () => {
  const { warehouse, commitOf, load, items: all, rows } = await bench();
  await load({ rows: [{ day: '2026-10-01', id: 'old', value: 1 }] });
  const stage = await warehouse.openStage(items(), 'a');
  await stage.pipe([streamOf(columns, cells(2))]);
  await warehouse.commit(commitOf([stage], { rows: [], mode: 'append' }));
  await stage.discard();
  expect(await all()).toEqual(['2026-10-01 old 1', '2026-11-01 id 0 0', '2026-11-01 id 1 1']);
  expect(await rows(tables)).toEqual([['items']]);
});

it('lets a commit that failed be tried again with what is staged', async () => {
  const { warehouse, commitOf, items: all, rows } = await bench();
  await warehouse.prepare([items()]);
  const stage = await warehouse.openStage(items(), 'a');
  await stage.pipe([streamOf(columns, cells(2))]);
  const commit = commitOf([stage], { rows: [], mode: 'merge' });
  const lost = { ...commit, lease: { ...commit.lease, fence: 0 } };
  await expect(warehouse.commit(lost)).rejects.toMatchObject({ code: 'lease-lost' });
  expect(await all()).toEqual([]);
  expect(await warehouse.commit(commit)).toMatchObject([{ inserted: 2 }]);
  await stage.discard();
  expect(await all()).toHaveLength(2);
  expect(await rows(tables)).toEqual([['items']]);
});

it('lets the ledger be written while streams are read', async () => {
  const { warehouse, commitOf, lease, items: all } = await bench();
  await warehouse.prepare([items()]);
  const stage = await warehouse.openStage(items(), 'a');
  const inner = streamOf(columns, cells(2));
  const stream: ByteStream = {
    ...inner,
    open(format) {
      const read = inner.open(format);
      return {
        ...read,
        chunks: (async function* () {
          await warehouse.ledger.renew(lease, new Date('2026-11-12T06:05:00Z'), 600_000);
          await warehouse.prepare([items({ name: 'others' })]);
          yield* read.chunks;
        })(),
      };
    },
  };
  await stage.pipe([stream]);
  await warehouse.commit(commitOf([stage], { rows: [] }));
  await stage.discard();
  expect(await all()).toHaveLength(2);
});

it('reads a large file once more, cell by cell, when a row breaks the schema', async () => {
  const { warehouse, commitOf, rows } = await bench();
  await warehouse.prepare([items()]);
  const line = `2026-11-01,${'x'.repeat(100)},1\n`;
  const file = join(folder, 'large.csv');
  await writeFile(file, `day,id,value\n${line.repeat(50_000)}2026-11-01,bad,one\n${line.repeat(10)}`);
  const stage = await warehouse.openStage(items(), 'a');
  const loaded = await stage.load([
    { path: file, format: 'csv' },
    { path: file, format: 'csv' },
  ]);
  expect(loaded).toMatchObject({ read: 100_022 });
  expect(loaded.quarantined.map(({ row, path: at }) => [row, at])).toEqual([
    [50_000, 'value'],
    [100_011, 'value'],
  ]);
  await warehouse.commit(commitOf([stage], { rows: [], mode: 'append' }));
  await stage.discard();
  expect(await rows('select count(*) from conformance.items')).toEqual([[100_020]]);
});

it.each(['open', 'published'])(
  'leaves nothing of a process that died with a draft that was %s',
  async (when) => {
    const script = `
    import { openDuckdb } from ${JSON.stringify(join(import.meta.dirname, 'warehouse.ts'))};
    import { items } from ${JSON.stringify(join(import.meta.dirname, 'draft-fixture.ts'))};
    const warehouse = await openDuckdb({ path: ${JSON.stringify(path())} });
    await warehouse.prepare([items]);
    const stage = await warehouse.openStage(items, 'a');
    const text = Array.from({ length: 200_000 }, (_, index) => '2026-11-01,' + index + ',1\\n').join('');
    await stage.pipe([{ formats: ['csv'], columns: ['day', 'id', 'value'], open: () => ({
      rows: () => undefined,
      chunks: (async function* () { yield Buffer.from(text); })(),
    }) }]);
    if (${JSON.stringify(when)} === 'published') await stage.flush();
    process.kill(process.pid, 'SIGKILL');
  `;
    const file = join(folder, 'child.ts');
    await writeFile(file, script);
    await expect(promisify(execFile)(process.execPath, [file])).rejects.toMatchObject({ signal: 'SIGKILL' });
    const { warehouse, rows, load, items: all } = await bench();
    expect(await rows(tables)).toEqual([['items']]);
    await load({ rows: [{ day: '2026-11-01', id: 'x', value: 1 }] });
    expect(await all()).toEqual(['2026-11-01 x 1']);
    await warehouse.close();
    expect((await readdir(folder)).sort()).toEqual(['child.ts', 'estate.duckdb']);
  },
);

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { items, openBench } from '../conformance/bench.ts';
import { openSqlite } from './warehouse.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-sqlite-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const rows = [{ day: '2026-11-01', id: 'x', value: 1 }];
const path = (name = 'w.db') => join(folder, name);
const bench = () => openBench(() => openSqlite({ path: path() }));

it('names tables by their dataset, and plainly in the dataset main', async () => {
  const { load } = await bench();
  await load({ rows });
  await load({ rows, target: items({ dataset: 'main' }) });
  expect(readAll('SELECT id FROM conformance_items UNION ALL SELECT id FROM items')).toEqual([
    { id: 'x' },
    { id: 'x' },
  ]);
});

it('drops the stages that a dead process left, and keeps those of a live one', async () => {
  const { warehouse } = await bench();
  await warehouse.prepare([items()]);
  await warehouse.openStage(items(), 'a');
  const dead = spawnSync('true').pid;
  withFile((database) => database.exec(`CREATE TABLE catchment_stage_${dead}_1_1 (a)`));
  const other = await openSqlite({ path: path() });
  const left = readAll(`SELECT name FROM sqlite_schema WHERE name GLOB 'catchment_stage_*'`);
  expect(left.map(({ name }) => String(name).split('_')[2])).toEqual([String(process.pid)]);
  await other.close();
});

it('keeps the index that somebody made on a table that is replaced', async () => {
  const { load } = await bench();
  const target = items({ key: [], writeMode: 'replace' });
  await load({ rows, target });
  withFile((database) => database.exec('CREATE INDEX mine ON conformance_items (value)'));
  await load({ rows: [{ day: '2026-11-02', id: 'y', value: 2 }], target });
  expect(readAll('SELECT id FROM conformance_items')).toEqual([{ id: 'y' }]);
  expect(readAll(`SELECT name FROM sqlite_schema WHERE name = 'mine'`)).toHaveLength(1);
});

it('lets a reader see the old table whole until the new one is there whole', async () => {
  const { stage, commitOf, warehouse, load } = await bench();
  const target = items({ key: [], writeMode: 'replace' });
  await load({ rows, target });
  const reader = new DatabaseSync(path(), { readOnly: true });
  reader.exec('BEGIN');
  const count = () => reader.prepare('SELECT count(*) AS n, max(id) AS id FROM conformance_items').get();
  expect(count()).toEqual({ n: 1, id: 'x' });
  const next = { rows: [...rows, { day: '2026-11-02', id: 'y', value: 2 }], target };
  await warehouse.commit(commitOf([await stage(next)], next));
  expect(count()).toEqual({ n: 1, id: 'x' });
  reader.exec('COMMIT');
  expect(count()).toEqual({ n: 2, id: 'y' });
  reader.close();
});

it('says that somebody else writes, and loads when that one has ended', async () => {
  const warehouse = await openSqlite({ path: path(), patienceMs: 20 });
  const other = new DatabaseSync(path());
  other.exec('BEGIN IMMEDIATE');
  await expect(warehouse.prepare([items()])).rejects.toMatchObject({
    kind: 'retryable',
    code: 'warehouse-locked',
    message: `the warehouse file ${path()} is being written by another process (database is locked); run it again when that one has ended`,
  });
  other.exec('ROLLBACK');
  other.close();
  await expect(warehouse.prepare([items()])).resolves.toBeUndefined();
  await warehouse.close();
});

it('refuses a file that is no SQLite file', async () => {
  await writeFile(path('text.db'), 'this is no database at all, but it is long enough to look at');
  await expect(openSqlite({ path: path('text.db') })).rejects.toMatchObject({
    kind: 'fatal',
    code: 'warehouse',
    message: expect.stringContaining('is not a warehouse file that SQLite can read'),
  });
});

it('refuses a ledger of a newer version', async () => {
  const { warehouse } = await bench();
  await warehouse.close();
  withFile((database) => database.exec('INSERT INTO catchment_ledger_version VALUES (99)'));
  await expect(openSqlite({ path: path() })).rejects.toThrow(
    'the ledger in this warehouse was written by a newer version of Catchment: got 99; allowed: versions up to',
  );
});

it('queries by one statement that reads', async () => {
  const { warehouse } = await bench();
  const refuse = (sql: string, text: string) => expect(warehouse.query(sql), sql).rejects.toThrow(text);
  await refuse('  ;', 'there is no query');
  await refuse('select 1; select 2', 'these are several statements');
  await refuse(`attach '${path('new.db')}' as n`, 'this query would change the warehouse');
  await refuse('selec 1', 'the query failed: near "selec": syntax error');
  await refuse('create table x (a)', 'this query would change the warehouse');
  expect(await warehouse.query('select 9007199254740993 as big, 1 as small; ')).toEqual({
    columns: ['big', 'small'],
    rows: [['9007199254740993', 1]],
  });
});

function withFile(work: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(path(), { timeout: 0 });
  try {
    work(database);
  } finally {
    database.close();
  }
}

function readAll(sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(path(), { readOnly: true });
  try {
    return database.prepare(sql).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FileRef } from '../../extract.ts';
import { column, items, openBench } from '../conformance/bench.ts';
import { openSqlite } from './warehouse.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-sqlite-csv-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const target = items({
  key: [],
  dataset: 'main',
  writeMode: 'append',
  columns: [
    column('id', 'INTEGER', 'REQUIRED'),
    { ...column('name', 'STRING'), sourceName: 'Full Name' },
    column('price', 'NUMERIC'),
  ],
});

/** Loads a file and says what came of it. */
async function load(content: string | Buffer, options: Partial<FileRef> = {}) {
  const path = join(folder, 'x.csv');
  await writeFile(path, content);
  const bench = await openBench(() => openSqlite({ path: join(folder, 'w.db') }));
  await bench.warehouse.prepare([target]);
  const stage = await bench.warehouse.openStage(target, 'x.csv');
  const { read, quarantined, drift } = await stage.load([{ path, format: 'csv', ...options }]);
  await bench.warehouse.commit(bench.commitOf([stage], { rows: [], origin: 'x.csv' }));
  await stage.discard();
  const rows = await bench.rows('select id, name, price, _origin, _extra from items order by id');
  return {
    read,
    rows,
    bad: quarantined.map(({ path: at, reason }) => `${at} ${reason}`),
    drift: drift.map(({ field }) => field),
  };
}

it('loads a plain file in any order of its columns, with empty cells as NULL and "" as an empty text', async () => {
  expect(await load('price,Full Name,id\n1.50,"a ""b"",\nc",1\n,"",2\n3,,3')).toEqual({
    read: 3,
    rows: [
      [1, 'a "b",\nc', '1.5', 'x.csv', null],
      [2, '', null, 'x.csv', null],
      [3, null, '3', 'x.csv', null],
    ],
    bad: [],
    drift: [],
  });
});

it('sends the rows of a file that do not fit to quarantine, and loads the others', async () => {
  const { read, rows, bad } = await load('id,Full Name,price\n1,a,1.5\nx,b,2\n3,c,3.25\n');
  expect([read, rows.map(([id]) => id)]).toEqual([3, [1, 3]]);
  expect(bad).toEqual([expect.stringMatching(/^id /)]);
});

it('keeps columns that the schema file does not name', async () => {
  const { rows, drift } = await load('id,Full Name,price,colour\n1,a,1.5,red\n');
  expect(rows[0]?.[4]).toBe('{"colour":"red"}');
  expect(drift).toEqual(['colour']);
});

it('loads files that are written in another way through the checked reader', async () => {
  const wanted = [[1, 'a', '1.5', 'x.csv', null]];
  expect((await load('id;Full Name;price\r\n1;a;1.5\r\n', { delimiter: ';' })).rows).toEqual(wanted);
  expect((await load('id,Full Name,price\r\n1,a,1.5\r\n')).rows.slice(1)).toEqual(wanted);
});

it('says the same of bytes that are no UTF-8 as the checked reader', async () => {
  const latin = Buffer.concat([
    Buffer.from('id,Full Name,price\n1,'),
    Buffer.from([0xe9]),
    Buffer.from(',1.5\n'),
  ]);
  await expect(load(latin)).rejects.toMatchObject({ kind: 'fatal', code: 'bad-file' });
});

it('names a file that is not there', async () => {
  await expect(load('', { path: join(folder, 'gone.csv') })).rejects.toThrow(
    /cannot be read|does not exist|gone\.csv/,
  );
});

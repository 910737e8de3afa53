import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { openDatabase, rowsOf } from './database.ts';
import { forStreams, insertAlone, segmentThreads } from './insert-alone.ts';

let folder = '';
let database: Database;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-alone-'));
  database = await openDatabase(join(folder, 'alone.duckdb'), '512MB');
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

const settings = async () => {
  const [row] = await rowsOf(
    database.connection,
    `SELECT current_setting('preserve_insertion_order'), current_setting('threads')::INTEGER, current_setting('memory_limit')`,
  );
  return row;
};

const ways: readonly (readonly [
  string,
  (work: () => Promise<unknown>) => Promise<unknown>,
  readonly unknown[],
])[] = [
  [
    'the order of rows',
    (work) => insertAlone(database, { anyOrder: true }, work),
    [false, availableParallelism(), '488.2 MiB'],
  ],
  ['threads', (work) => forStreams(database, 1, work), [true, 1, '488.2 MiB']],
  ['threads and memory', (work) => forStreams(database, 2, work), [true, 2, '341.7 MiB']],
];

it.each(ways)('sets %s for its work alone, and back whether it succeeds or fails', async (_, run, during) => {
  const before = [true, availableParallelism(), '488.2 MiB'];
  expect(await settings()).toEqual(before);
  expect(await run(settings)).toEqual(during);
  expect(await settings()).toEqual(before);
  await expect(run(() => Promise.reject(new Error('no such row')))).rejects.toThrow('no such row');
  expect(await settings()).toEqual(before);
});

it('loads as many segments at once as streams are read, if there are so many cores', () => {
  expect([1, 2, 3, 8].map(segmentThreads)).toEqual([1, 2, 2, 2]);
});

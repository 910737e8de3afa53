import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { openDatabase, rowsOf } from './database.ts';
import { insertAlone, segmentThreads, withThreads } from './insert-alone.ts';

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
    `SELECT current_setting('preserve_insertion_order'), current_setting('threads')::INTEGER`,
  );
  return row;
};

it.each<
  readonly [string, (work: () => Promise<unknown>) => Promise<unknown>, (before: unknown[]) => unknown[]]
>([
  ['order', (work) => insertAlone(database, { anyOrder: true }, work), ([, threads]) => [false, threads]],
  ['threads', (work) => withThreads(database, 1, work), ([order]) => [order, 1]],
])('sets %s for its work alone, and back whether it succeeds or fails', async (_, run, expected) => {
  const before = (await settings()) ?? [];
  expect(await run(settings)).toEqual(expected([...before]));
  expect(await settings()).toEqual(before);
  await expect(run(() => Promise.reject(new Error('no such row')))).rejects.toThrow('no such row');
  expect(await settings()).toEqual(before);
});

it('loads as many segments at once as streams are read, if there are so many cores', () => {
  expect([1, 2, 3, 8].map(segmentThreads)).toEqual([1, 2, 2, 2]);
});

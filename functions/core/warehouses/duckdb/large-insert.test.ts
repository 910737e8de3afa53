import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { items } from '../conformance/bench.ts';
import type { Database } from './database.ts';
import { openDatabase, rowsOf } from './database.ts';
import { prepareTable } from './tables.ts';
import type { TableWrite } from './write-modes.ts';
import { insertStaged } from './write-modes.ts';

/** More than DuckDB compresses together. */
const rows = 200_000;
const target = items({ key: [] });

let folder = '';
let database: Database;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-large-'));
  database = await openDatabase(join(folder, 'large.duckdb'), '512MB');
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

/** Inserts what a SELECT finds, and says what is in the table then and whether inserts keep the order of rows. */
async function insert(select: string) {
  const write = (connection: TableWrite['connection']): TableWrite => ({
    connection,
    target,
    table: 'conformance.items',
    stage: 'none',
    columns: 'day, id, value',
    rows,
    content: { kind: 'select', sql: select, rows, explain: (error) => error },
  });
  const end = await database
    .transaction(async (connection) => {
      await prepareTable(connection, target);
      return insertStaged(write(connection));
    })
    .catch((error: unknown) => (error as Error).message.replace(/ in .*?:/, ':'));
  const [found] = await database.write((connection) =>
    rowsOf(
      connection,
      `SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER, current_setting('preserve_insertion_order')
       FROM conformance.items`,
    ),
  );
  return { end, found };
}

const select = (value: string) => `SELECT DATE '2026-11-01', 'x' || i, ${value} FROM range(${rows}) AS r(i)`;

it('inserts many rows, and later inserts keep their order again', async () => {
  expect(await insert(select('i'))).toEqual({ end: rows, found: [rows, rows, true] });
});

it('keeps the order of later rows after an insert that failed, and nothing of that insert', async () => {
  const { end, found } = await insert(select(`if(i = 150_000, error('no such row'), i)`));
  expect(end).toContain('no such row');
  expect(found).toEqual([rows, rows, true]);
});

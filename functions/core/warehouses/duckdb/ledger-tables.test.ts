import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from './database.ts';
import { openDuckdb } from './warehouse.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-duckdb-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('keeps the ledger of a file that is opened again, at one version', async () => {
  const path = join(folder, 'again.duckdb');
  for (let times = 0; times < 2; times += 1) await (await openDuckdb({ path })).close();
  const warehouse = await openDuckdb({ path });
  expect((await warehouse.query('from catchment.ledger_version')).rows).toEqual([[2]]);
  await warehouse.close();
});

it('refuses the ledger of a newer version, and lets go of the file', async () => {
  const path = join(folder, 'newer.duckdb');
  await (await openDuckdb({ path })).close();
  const database = await openDatabase(path, '512MB');
  await database.write((connection) => connection.run('INSERT INTO catchment.ledger_version VALUES (99)'));
  await database.close();
  await expect(openDuckdb({ path })).rejects.toMatchObject({
    kind: 'fatal',
    code: 'warehouse',
    message:
      'the ledger in this warehouse was written by a newer version of Catchment: got 99; allowed: versions up to 2; update Catchment',
  });
  const again = await openDatabase(path, '512MB');
  await again.write((connection) =>
    connection.run('DELETE FROM catchment.ledger_version WHERE version = 99'),
  );
  await again.close();
  await (await openDuckdb({ path })).close();
});

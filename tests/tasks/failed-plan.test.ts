import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { RunSummary } from '../../functions/core/run/request.ts';
import { openSqlite } from '../../functions/core/warehouses/sqlite/warehouse.ts';
import { source } from '../../functions/database/source.ts';
import type { DatabaseHost } from '../databases/host.ts';
import { column, openHost } from '../databases/host.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';

const columns = [column('id', 'INTEGER', 'REQUIRED')];
const names = ['one', 'two', 'three'];
const count = 3;

const folder = mkdtempSync(join(tmpdir(), 'catchment-failed-plan-'));
let server: PostgresServer;
let admin: pg.Client;
let host: DatabaseHost;
let files = 0;

beforeAll(async () => {
  server = await startPostgres();
  admin = new pg.Client({ ...server, database: server.database });
  await admin.connect();
}, 60_000);

afterAll(async () => {
  await admin?.end();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

/** Three tables of four rows, each cut into ranges of about two. */
beforeEach(async () => {
  for (const name of names)
    await admin.query(
      `DROP TABLE IF EXISTS ${name}; CREATE TABLE ${name} (id int PRIMARY KEY);
       INSERT INTO ${name} SELECT generate_series(1, 4); ANALYZE ${name}`,
    );
  files += 1;
  const path = join(folder, `${files}.sqlite`);
  const { host: address, port, database, user, password } = server;
  host = await openHost({
    settings: source.settings.parse({ kind: 'postgres', host: address, port, database }),
    secret: { user, password },
    tables: Object.fromEntries(
      names.map((name) => [
        name,
        { columns, key: ['id'], watermark: 'id', options: { from: name, chunkRows: 2 } },
      ]),
    ),
    warehouse: { config: { name: 'main', kind: 'sqlite', path }, opened: await openSqlite({ path }) },
  });
});

afterEach(() => host.close());

const sleep = async () => {
  await setImmediate();
};

const task = (execution: string, index: number) =>
  host.run({ share: { execution, index, count }, sleep, trigger: 'job' });

const all = (execution: string) =>
  Promise.all(Array.from({ length: count }, (_, index) => task(execution, index)));

const loaded = async (name: string) => (await host.rows(`SELECT id FROM copy_${name} ORDER BY id`)).flat();

const failedSlices = () =>
  host.rows(`SELECT slice_id, run_id, error FROM catchment_slices WHERE status = 'failed'`);

const cause =
  '[two] the table is not there (relation "two" does not exist); was it dropped or renamed, correct `from` in the stack ' +
  'file; what is loaded stays';

const shown = ({ run, failures }: RunSummary) => [
  run.status,
  run.slicesFailed,
  failures.map(({ error }) => error),
];

it('is told by the first task alone, and every other table is loaded by all of them', async () => {
  await admin.query('DROP TABLE two');
  expect((await all('x-1')).map(shown)).toEqual([
    ['partial', 1, [cause]],
    ['succeeded', 0, []],
    ['succeeded', 0, []],
  ]);
  expect(await failedSlices()).toEqual([['two/-/plan', 'x-1/0', cause]]);
  for (const name of ['one', 'three']) expect(await loaded(name)).toEqual([1, 2, 3, 4]);
});

it('ends the same way for a task that is tried again, which loads nothing a second time', async () => {
  await admin.query('DROP TABLE two');
  await all('x-1');
  const again = await task('x-1', 0);
  expect(shown(again)).toEqual(['partial', 1, [cause]]);
  expect(again.tables.map(({ inserted, updated, unchanged }) => inserted + updated + unchanged)).toEqual([
    0, 0, 0,
  ]);
  expect(await failedSlices()).toEqual([['two/-/plan', 'x-1/0', cause]]);
  expect(await host.rows('SELECT count(*) FROM catchment_runs')).toEqual([[count]]);
});

it('is made good by the next execution once its cause is gone', async () => {
  await admin.query('ALTER TABLE two RENAME TO away');
  await all('x-1');
  await admin.query('ALTER TABLE away RENAME TO two');
  expect((await all('x-2')).map(({ run }) => run.status)).toEqual(['succeeded', 'succeeded', 'succeeded']);
  expect(await loaded('two')).toEqual([1, 2, 3, 4]);
});

it('fails its task, and no other, when no table could be asked', async () => {
  for (const name of names) await admin.query(`DROP TABLE ${name}`);
  const [first, ...others] = await all('x-1');
  expect(first?.run).toMatchObject({ status: 'failed', slicesDone: 0, slicesFailed: 3 });
  expect(others.map(({ run }) => [run.status, run.slicesPlanned])).toEqual([
    ['succeeded', 0],
    ['succeeded', 0],
  ]);
});

import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { source } from '../../functions/database/source.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import type { DatabaseHost } from './host.ts';
import { column, openHost } from './host.ts';

let server: PostgresServer;
let admin: pg.Client;

beforeAll(async () => {
  server = await startPostgres();
  admin = new pg.Client({ ...server, database: server.database });
  await admin.connect();
}, 60_000);

afterAll(async () => {
  await admin?.end();
  await server?.stop();
});

const columns = [column('id', 'INTEGER', 'REQUIRED')];

/** Tables of the names given, each read by its id. */
async function open(
  names: readonly string[],
  settings: object = {},
  secret: object = {},
): Promise<DatabaseHost> {
  for (const name of names)
    await admin.query(
      `DROP TABLE IF EXISTS ${name}; CREATE TABLE ${name} (id int); INSERT INTO ${name} VALUES (1)`,
    );
  const { host, port, database, user, password } = server;
  return openHost({
    settings: source.settings.parse({ kind: 'postgres', host, port, database, ...settings }),
    secret: { user, password, ...secret },
    tables: Object.fromEntries(
      names.map((name) => [name, { columns, key: ['id'], watermark: 'id', options: { from: name } }]),
    ),
  });
}

it('fails the table that cannot be asked, with its cause, and loads the others', async () => {
  const host = await open(['one', 'two', 'three']);
  await host.run();
  await admin.query('DROP TABLE two; INSERT INTO one VALUES (2); INSERT INTO three VALUES (2)');
  const { run, failures, tables } = await host.run();
  const cause =
    '[two] the table is not there (relation "two" does not exist); was it dropped or renamed, correct `from` in the stack ' +
    'file; what is loaded stays';
  expect(run).toMatchObject({
    status: 'partial',
    slicesPlanned: 3,
    slicesDone: 2,
    slicesFailed: 1,
    error: cause,
  });
  expect(failures).toEqual([{ sliceId: 'two/-/plan', error: cause }]);
  expect(tables.map(({ table, inserted }) => [table, inserted])).toEqual([
    ['copy.one', 1],
    ['copy.two', 0],
    ['copy.three', 1],
  ]);
  expect(await host.rows(`SELECT slice_id, error FROM catchment.slices WHERE status = 'failed'`)).toEqual([
    ['two/-/plan', cause],
  ]);
  await host.close();
}, 60_000);

it('loads the others also when the schema file of one names a column that is gone', async () => {
  const host = await open(['first', 'second']);
  await admin.query('ALTER TABLE first RENAME id TO number');
  const { run, failures } = await host.run();
  expect(run).toMatchObject({ status: 'partial', slicesDone: 1, slicesFailed: 1 });
  expect(failures[0]?.error).toContain('first lacks "id", which the schema file names, and has "number"');
  expect(await host.rows('SELECT id FROM copy.second')).toEqual([[1]]);
  await host.close();
}, 60_000);

it('is failed alone when all tables fail', async () => {
  const host = await open(['sole']);
  await admin.query('DROP TABLE sole');
  expect((await host.run()).run).toMatchObject({ status: 'failed', slicesDone: 0, slicesFailed: 1 });
  await host.close();
}, 60_000);

it('asks no more tables when three of them met no server', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const host = await open(names, { port: 1 });
  const { run, failures } = await host.run();
  expect(run).toMatchObject({ status: 'failed', slicesFailed: 5 });
  expect(failures.map(({ sliceId }) => sliceId)).toEqual(names.map((name) => `${name}/-/plan`));
  expect(failures[4]?.error).toContain('[c] 127.0.0.1:1/postgres refuses connections');
  await host.close();
}, 60_000);

it('ends the run at a login that is refused, which no other table would pass', async () => {
  const host = await open(['x', 'y'], {}, { password: 'wrong' });
  await expect(host.run()).rejects.toThrow("refuses the login of the secret's user");
  await host.close();
}, 60_000);

import { expect, it } from 'vitest';
import { useServer } from './testing.ts';
import { openPostgres } from './warehouse.ts';

const fixture = useServer();
const wrong = 'a-wrong-password-9d1f';

async function attempt(change: Record<string, unknown>, secret: Record<string, unknown> = {}) {
  const { host, port, user, password, database } = fixture.server;
  const config = { name: 'main', kind: 'postgres', host, port, database, ...change } as const;
  const opened = openPostgres(config as never, { user, password, ...secret });
  const error = await opened.then(
    async (warehouse) => {
      await warehouse.close();
      throw new Error('it opened');
    },
    (thrown: Error) => thrown,
  );
  expect(JSON.stringify([error.message, { ...error }])).not.toContain(fixture.server.password);
  expect(JSON.stringify([error.message, { ...error }])).not.toContain(wrong);
  return error;
}

it('tells a wrong password', async () => {
  expect(await attempt({}, { password: wrong })).toMatchObject({
    kind: 'fatal',
    code: 'auth',
    message: expect.stringContaining("check user and password in the warehouse's secret"),
  });
});

it('tells a database that is not there', async () => {
  expect(await attempt({ database: 'nowhere' })).toMatchObject({
    kind: 'fatal',
    code: 'bad-input',
    message: expect.stringContaining('database "nowhere" does not exist'),
  });
});

it('tells a server that cannot be reached, which may work later', async () => {
  expect(await attempt({ port: 1 })).toMatchObject({ kind: 'retryable', code: 'network' });
  expect(await attempt({ host: 'no-such-host.invalid', sslMode: 'disable' })).toMatchObject({
    kind: 'retryable',
    code: 'network',
  });
});

it('tells a server without the encryption that was asked for', async () => {
  expect(await attempt({ sslMode: 'verify-full' })).toMatchObject({
    kind: 'fatal',
    code: 'auth',
    message: expect.stringContaining('sslMode'),
  });
});

it('tells a secret of another shape, and shows nothing of it', async () => {
  expect(await attempt({}, { password: 5 })).toMatchObject({
    kind: 'fatal',
    code: 'bad-input',
    message: expect.stringContaining('got "password"'),
  });
});

it('tells a user who may not create the ledger what to grant', async () => {
  await fixture.run('rights', `CREATE ROLE reader LOGIN PASSWORD 'reader-4711'`);
  const database = await fixture.databaseOf('rights');
  expect(await attempt({ database }, { user: 'reader', password: 'reader-4711' })).toMatchObject({
    kind: 'fatal',
    code: 'warehouse',
    message: expect.stringMatching(/permission denied for database .+grant it CREATE on the database/),
  });
});

it('tells a server that has no connection left, which may have one later', async () => {
  await fixture.run('full', `CREATE ROLE lonely LOGIN PASSWORD 'lonely-4711' CONNECTION LIMIT 0`);
  const database = await fixture.databaseOf('full');
  expect(await attempt({ database }, { user: 'lonely', password: 'lonely-4711' })).toMatchObject({
    kind: 'retryable',
    code: 'warehouse',
    message: expect.stringContaining('has no connection left'),
  });
});

it('works with the rights that its error names', async () => {
  await fixture.run('least', `CREATE ROLE loader LOGIN PASSWORD 'loader-4711'`);
  const database = await fixture.databaseOf('least');
  await fixture.run('least', `GRANT CREATE ON DATABASE ${database} TO loader`);
  const { host, port } = fixture.server;
  const config = { name: 'main', kind: 'postgres', host, port, database } as const;
  const warehouse = await openPostgres(config, { user: 'loader', password: 'loader-4711' });
  await warehouse.close();
  // Opened again, nothing is to be created, so even that right may be taken back.
  await fixture.run('least', `REVOKE CREATE ON DATABASE ${database} FROM loader`);
  await (await openPostgres(config, { user: 'loader', password: 'loader-4711' })).close();
});

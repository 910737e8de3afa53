import { describe, expect, it } from 'vitest';
import type { HostTable } from './host.ts';
import { column, failureOf } from './host.ts';
import { usePostgresDatabase } from './use-database.ts';

const database = usePostgresDatabase();

describe('what goes wrong is told, and nothing is loaded:', () => {
  const columns = [column('id', 'INTEGER')];
  const table = (from: string): Readonly<Record<string, HostTable>> => ({
    t: { columns, options: { from } },
  });

  it('a wrong password', async () => {
    const tested = await database.open(table('public.big'), {}, { password: 'not the password' });
    const said = await failureOf(tested);
    expect(said).toContain("refuses the login of the secret's user (password authentication failed");
    expect(said).not.toContain('not the password');
  });

  it('a database, a host and a port that are not there', async () => {
    const gone = await database.open(table('public.big'), { database: 'gone' });
    expect(await failureOf(gone)).toContain('there is no such database on 127.0.0.1: got "gone"');
    const unknown = await database.open(table('public.big'), {
      host: 'no-such-host.invalid',
      sslMode: 'require',
    });
    expect(await failureOf(unknown)).toContain('the host is unknown: got "no-such-host.invalid"');
    const closed = await database.open(table('public.big'), { port: 1 });
    expect(await failureOf(closed)).toContain('127.0.0.1:1/postgres refuses connections');
  });

  it('a server without TLS', async () => {
    const tested = await database.open(table('public.big'), { sslMode: 'verify-full' });
    expect(await failureOf(tested)).toContain('no trusted TLS connection to 127.0.0.1');
  });

  it('a permission that is missing or was revoked, with the GRANT', async () => {
    await database.admin.query(`CREATE ROLE reader LOGIN PASSWORD 'reader-password'; CREATE SCHEMA closed;
      CREATE TABLE locked (id int); CREATE TABLE closed.t (id int); INSERT INTO locked VALUES (1); GRANT SELECT ON locked TO reader`);
    const login = { user: 'reader', password: 'reader-password' };
    const tested = await database.open(table('public.locked'), {}, login);
    expect((await tested.run()).run.rowsLoaded).toBe(1);
    await database.admin.query('REVOKE SELECT ON locked FROM reader');
    expect(await failureOf(tested)).toContain('GRANT SELECT ON locked TO that user');
    expect(await tested.rows('SELECT id FROM copy.t')).toEqual([[1]]);
    const inClosed = await database.open(table('closed.t'), {}, login);
    expect(await failureOf(inClosed)).toContain('GRANT USAGE ON SCHEMA closed TO that user');
  });

  it('rows that a policy would hide, unless that is wanted', async () => {
    await database.admin.query(`CREATE ROLE tenant LOGIN PASSWORD 'tenant-password'; CREATE TABLE shared (id int);
      INSERT INTO shared VALUES (1), (2); GRANT SELECT ON shared TO tenant;
      ALTER TABLE shared ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON shared USING (id = 1)`);
    const login = { user: 'tenant', password: 'tenant-password' };
    const refused = await database.open(table('public.shared'), {}, login);
    expect(await failureOf(refused)).toContain('row level security would hide rows of it');
    const wanted = await database.open(table('public.shared'), { allowRowSecurity: true }, login);
    expect((await wanted.run()).run.rowsLoaded).toBe(1);
  });

  it('a column that was renamed since the schema file, by both names', async () => {
    await database.admin.query(
      'CREATE TABLE renamed (id int, client text); INSERT INTO renamed VALUES (1, null)',
    );
    const tested = await database.open({
      t: { columns: [...columns, column('client', 'STRING')], options: { from: 'public.renamed' } },
    });
    expect((await tested.run()).run.status).toBe('succeeded');
    await database.admin.query('ALTER TABLE renamed RENAME client TO customer');
    expect(await failureOf(tested)).toContain(
      'public.renamed lacks "client", which the schema file names, and has "customer", which the schema file does not know',
    );
    expect(await tested.rows('SELECT id FROM copy.t')).toEqual([[1]]);
  });

  it('a table that was dropped, and what was loaded stays', async () => {
    await database.admin.query('CREATE TABLE dropped (id int); INSERT INTO dropped VALUES (1)');
    const tested = await database.open(table('public.dropped'));
    await tested.run();
    await database.admin.query('DROP TABLE dropped');
    expect(await failureOf(tested)).toContain(
      'the table is not there (relation "public.dropped" does not exist)',
    );
    expect(await tested.rows('SELECT id FROM copy.t')).toEqual([[1]]);
  });

  it('a query that takes longer than allowed', async () => {
    const query = 'SELECT 1 AS id, pg_sleep(5)::text AS s';
    const tested = await database.open(
      { t: { columns, options: { query } } },
      { statementTimeoutSeconds: 1 },
    );
    expect(await failureOf(tested)).toContain(
      'the server cancelled the query (canceling statement due to statement timeout)',
    );
  });

  it('SQL that writes', async () => {
    const tested = await database.open({
      t: { columns, options: { query: `SELECT nextval('s')::int AS id` } },
    });
    await database.admin.query('CREATE SEQUENCE s');
    expect(await failureOf(tested)).toContain('cannot execute nextval() in a read-only transaction');
  });
});

describe('a server that dies', () => {
  it('in the middle of a COPY loses nothing: the table stays as it was, and the next run loads it', async () => {
    await database.admin.query(
      `CREATE TABLE doomed (id int, filler text); INSERT INTO doomed VALUES (0, 'before')`,
    );
    const columns = [column('id', 'INTEGER'), column('filler', 'STRING')];
    const tested = await database.open({
      doomed: { columns, options: { query: 'SELECT id, filler FROM doomed' } },
    });
    await tested.run();
    await database.admin.query(
      `INSERT INTO doomed SELECT i, repeat('x', 1000) FROM generate_series(1, 300000) i`,
    );
    await database.admin.query('CHECKPOINT');
    await database.admin.end();
    const run = failureOf(tested);
    await copying();
    await database.server.kill();
    expect(await run).toMatch(/^failed: .*(broke off|ended the connection)/);
    expect(await tested.rows('SELECT * EXCLUDE (_origin, _extra) FROM copy.doomed')).toEqual([[0, 'before']]);
    await database.server.restart();
    await database.reconnect();
    expect((await tested.run()).run).toMatchObject({ status: 'succeeded', rowsLoaded: 300_001 });
  }, 120_000);

  /** Waits until a COPY is on its way. */
  async function copying(): Promise<void> {
    const watcher = await database.connect();
    watcher.on('error', () => undefined);
    for (;;) {
      const { rows } = await watcher.query(
        `SELECT bytes_processed FROM pg_stat_progress_copy WHERE bytes_processed > 1000000`,
      );
      if (rows.length > 0) return;
    }
  }
});

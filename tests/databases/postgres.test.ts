import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { source } from '../../functions/database/source.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import type { DatabaseHost, HostTable } from './host.ts';
import { column, openHost } from './host.ts';

let server: PostgresServer;
let admin: pg.Client;
let host: DatabaseHost | undefined;

beforeAll(async () => {
  server = await startPostgres();
  admin = new pg.Client({ ...server, database: server.database });
  await admin.connect();
}, 60_000);

afterAll(async () => {
  await host?.close();
  await admin?.end();
  await server?.stop();
});

/** A fresh warehouse for the tables of one test. */
async function open(tables: Readonly<Record<string, HostTable>>, settings: object = {}, secret: object = {}) {
  await host?.close();
  host = await openHost({
    settings: source.settings.parse({
      kind: 'postgres',
      host: server.host,
      port: server.port,
      database: server.database,
      ...settings,
    }),
    secret: { user: server.user, password: server.password, ...secret },
    tables,
  });
  return host;
}

/** Runs, and gives what went wrong in words. */
async function failure(tested: DatabaseHost): Promise<string> {
  return tested.run().then(
    ({ run, failures }) => `${run.status}: ${failures[0]?.error}`,
    (error: Error) => `thrown: ${error.message}`,
  );
}

describe('a catalog', () => {
  it('arrives with every type as the database has it', async () => {
    await admin.query(`
      CREATE TYPE mood AS ENUM ('glad', 'sad');
      CREATE DOMAIN cents AS bigint CHECK (value >= 0);
      CREATE TABLE everything (
        small smallint, big bigint, price numeric(12,2), long numeric, real4 real, real8 double precision, yes boolean,
        name varchar(20), fixed char(5), note text, id uuid, net inet, mood mood, cents cents, span int4range,
        day date, clock time, zoned timetz, plain timestamp, moment timestamptz, wait interval,
        doc json, docb jsonb, raw bytea, words text[], grid int[][], cost money, spot point
      );
      INSERT INTO everything VALUES (
        -32768, 9223372036854775807, -1234567890.12, 12345678901234567890.123456789, 0.5, 1e-300, true,
        E'a,b"c\\nd\\te\\\\N', 'ab', '', '00000000-0000-0000-0000-000000000001', '10.0.0.1/8', 'sad', 12, '[1,5)',
        '2024-02-29', '12:34:56.000001', '12:00:00+02', '2024-03-31 02:30:00.5', '2024-03-31 02:30:00.5+02', '1 day 2 hours',
        '{"b": 1,  "a": 9007199254740993}', '{"x": [1, null]}', '\\x00ff', ARRAY['x', 'y,z'], '{{1,2},{3,4}}', '12.50', '(1,2)'
      ), (null, null, null, null, 'NaN', '-Infinity', false, '\\N', null, null, null, null, null, null, null,
        null, null, null, null, null, null, null, null, '', '{}', null, null, null)`);
    const columns = [
      ...[
        column('small', 'INTEGER'),
        column('big', 'INTEGER'),
        column('price', 'NUMERIC'),
        column('long', 'BIGNUMERIC'),
      ],
      ...[
        column('real4', 'FLOAT'),
        column('real8', 'FLOAT'),
        column('yes', 'BOOLEAN'),
        column('name', 'STRING'),
      ],
      ...[
        column('fixed', 'STRING'),
        column('note', 'STRING'),
        column('id', 'STRING'),
        column('net', 'STRING'),
      ],
      ...[
        column('mood', 'STRING'),
        column('cents', 'INTEGER'),
        column('span', 'STRING'),
        column('day', 'DATE'),
      ],
      ...[
        column('clock', 'TIME'),
        column('zoned', 'TIME'),
        column('plain', 'DATETIME'),
        column('moment', 'TIMESTAMP'),
      ],
      ...[column('wait', 'STRING'), column('doc', 'JSON'), column('docb', 'JSON'), column('raw', 'BYTES')],
      ...[
        column('words', 'STRING', 'REPEATED'),
        column('grid', 'JSON'),
        column('cost', 'NUMERIC'),
        column('spot', 'STRING'),
      ],
    ];
    const tested = await open({ everything: { columns, options: { from: 'public.everything' } } });
    const summary = await tested.run();
    expect(summary.run).toMatchObject({ status: 'succeeded', rowsRead: 2, rowsQuarantined: 0 });
    const names = columns.map(({ name }) => `${name}::varchar`).join(', ');
    const [first, second] = await tested.rows(`SELECT ${names} FROM copy.everything ORDER BY small`);
    expect(first).toEqual([
      ...['-32768', '9223372036854775807', '-1234567890.120000000', '12345678901234567890.123456789'],
      ...[
        '0.5',
        '1e-300',
        'true',
        'a,b"c\nd\te\\N',
        'ab',
        '',
        '00000000-0000-0000-0000-000000000001',
        '10.0.0.1/8',
      ],
      ...['sad', '12', '[1,5)', '2024-02-29', '12:34:56.000001', '10:00:00', '2024-03-31 02:30:00.5'],
      ...[expect.stringContaining('2024-03-31 00:30:00.5'), 'P1DT2H'],
      ...['{"b": 1,  "a": 9007199254740993}', '{"x": [1, null]}', '\\x00\\xFF', "[x, 'y,z']"],
      ...['[[1, 2], [3, 4]]', '12.500000000', '(1,2)'],
    ]);
    const nulls = Array.from({ length: 2 }, () => null);
    expect(second).toEqual([
      ...[...nulls, ...nulls, 'nan', '-inf', 'false', '\\N', ...nulls, ...nulls, ...nulls, null],
      ...[...nulls, ...nulls, ...nulls, ...nulls, '', '[]', null, null, null],
    ]);
  });

  it('is read by several connections as of one point in time', async () => {
    await admin.query(`CREATE TABLE big (id int PRIMARY KEY, filler text);
      INSERT INTO big SELECT i, repeat('x', 500) FROM generate_series(1, 160000) i; ANALYZE big`);
    const columns = [column('id', 'INTEGER', 'REQUIRED'), column('filler', 'STRING')];
    const tested = await open({ big: { columns, options: { from: 'public.big' } } }, { readers: 2 });
    // Rows that move while they are read would come twice or never, if the connections did not see one moment.
    const mover = new pg.Client({ ...server, database: server.database });
    await mover.connect();
    let isReading = true;
    const moves = (async () => {
      while (isReading)
        await mover.query(`UPDATE big SET filler = filler WHERE id % 100 = floor(random() * 100)`);
    })();
    const summary = await tested.run();
    isReading = false;
    await moves;
    await mover.end();
    expect(summary.run).toMatchObject({ status: 'succeeded', rowsRead: 160_000 });
    expect(await tested.rows('SELECT count(*)::int, count(DISTINCT id)::int FROM copy.big')).toEqual([
      [160_000, 160_000],
    ]);
  }, 60_000);

  it('gives the rows of a partitioned table once, partition by partition', async () => {
    await admin.query(`CREATE TABLE parted (id int, day date) PARTITION BY RANGE (day);
      CREATE TABLE parted_a PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
      CREATE TABLE parted_b PARTITION OF parted FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
      INSERT INTO parted SELECT i, date '2024-01-01' + i % 50 FROM generate_series(1, 1000) i`);
    const columns = [column('id', 'INTEGER'), column('day', 'DATE')];
    const tested = await open({ parted: { columns, options: { from: 'public.parted' } } });
    expect((await tested.run()).run).toMatchObject({ status: 'succeeded', rowsLoaded: 1000 });
  });

  it('takes custom SQL, chosen columns and names that are no SQL names', async () => {
    await admin.query(`CREATE TABLE "Odd.Names" ("Order ID" int, "totál" text, secret text);
      INSERT INTO "Odd.Names" VALUES (1, 'x', 'hidden')`);
    const columns = [
      column('order_id', 'INTEGER', 'NULLABLE', { sourceName: 'Order ID' }),
      column('tot_l', 'STRING', 'NULLABLE', { sourceName: 'totál' }),
      column('secret', 'STRING'),
    ];
    const query = `SELECT "Order ID" + 1 AS "Order ID", "totál", secret FROM "Odd.Names";`;
    const tested = await open({
      plain: { columns, options: { from: 'public."Odd.Names"', columns: ['order_id', 'tot_l'] } },
      custom: { columns, options: { query } },
    });
    expect((await tested.run()).run.status).toBe('succeeded');
    expect(await tested.rows('SELECT order_id, tot_l, secret FROM copy.plain')).toEqual([[1, 'x', null]]);
    expect(await tested.rows('SELECT order_id, tot_l, secret FROM copy.custom')).toEqual([
      [2, 'x', 'hidden'],
    ]);
  });
});

describe('what goes wrong is told, and nothing is loaded:', () => {
  const columns = [column('id', 'INTEGER')];
  const table = (from: string): Readonly<Record<string, HostTable>> => ({
    t: { columns, options: { from } },
  });

  it('a wrong password', async () => {
    const tested = await open(table('public.big'), {}, { password: 'not the password' });
    const said = await failure(tested);
    expect(said).toContain("refuses the login of the secret's user (password authentication failed");
    expect(said).not.toContain('not the password');
  });

  it('a database, a host and a port that are not there', async () => {
    const gone = await open(table('public.big'), { database: 'gone' });
    expect(await failure(gone)).toContain('there is no such database on 127.0.0.1: got "gone"');
    const unknown = await open(table('public.big'), { host: 'no-such-host.invalid', sslMode: 'require' });
    expect(await failure(unknown)).toContain('the host is unknown: got "no-such-host.invalid"');
    const closed = await open(table('public.big'), { port: 1 });
    expect(await failure(closed)).toContain('127.0.0.1:1/postgres refuses connections');
  });

  it('a server without TLS', async () => {
    const tested = await open(table('public.big'), { sslMode: 'verify-full' });
    expect(await failure(tested)).toContain('no trusted TLS connection to 127.0.0.1');
  });

  it('a permission that is missing or was revoked, with the GRANT', async () => {
    await admin.query(`CREATE ROLE reader LOGIN PASSWORD 'reader-password'; CREATE SCHEMA closed;
      CREATE TABLE locked (id int); CREATE TABLE closed.t (id int); INSERT INTO locked VALUES (1); GRANT SELECT ON locked TO reader`);
    const login = { user: 'reader', password: 'reader-password' };
    const tested = await open(table('public.locked'), {}, login);
    expect((await tested.run()).run.rowsLoaded).toBe(1);
    await admin.query('REVOKE SELECT ON locked FROM reader');
    expect(await failure(tested)).toContain('GRANT SELECT ON locked TO that user');
    expect(await tested.rows('SELECT id FROM copy.t')).toEqual([[1]]);
    const inClosed = await open(table('closed.t'), {}, login);
    expect(await failure(inClosed)).toContain('GRANT USAGE ON SCHEMA closed TO that user');
  });

  it('rows that a policy would hide, unless that is wanted', async () => {
    await admin.query(`CREATE ROLE tenant LOGIN PASSWORD 'tenant-password'; CREATE TABLE shared (id int);
      INSERT INTO shared VALUES (1), (2); GRANT SELECT ON shared TO tenant;
      ALTER TABLE shared ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON shared USING (id = 1)`);
    const login = { user: 'tenant', password: 'tenant-password' };
    const refused = await open(table('public.shared'), {}, login);
    expect(await failure(refused)).toContain('row level security would hide rows of it');
    const wanted = await open(table('public.shared'), { allowRowSecurity: true }, login);
    expect((await wanted.run()).run.rowsLoaded).toBe(1);
  });

  it('a column that was renamed since the schema file, by both names', async () => {
    await admin.query('CREATE TABLE renamed (id int, client text); INSERT INTO renamed VALUES (1, null)');
    const tested = await open({
      t: { columns: [...columns, column('client', 'STRING')], options: { from: 'public.renamed' } },
    });
    expect((await tested.run()).run.status).toBe('succeeded');
    await admin.query('ALTER TABLE renamed RENAME client TO customer');
    expect(await failure(tested)).toContain(
      'public.renamed lacks "client", which the schema file names, and has "customer", which the schema file does not know',
    );
    expect(await tested.rows('SELECT id FROM copy.t')).toEqual([[1]]);
  });

  it('a table that was dropped, and what was loaded stays', async () => {
    await admin.query('CREATE TABLE dropped (id int); INSERT INTO dropped VALUES (1)');
    const tested = await open(table('public.dropped'));
    await tested.run();
    await admin.query('DROP TABLE dropped');
    expect(await failure(tested)).toContain(
      'the table is not there (relation "public.dropped" does not exist)',
    );
    expect(await tested.rows('SELECT id FROM copy.t')).toEqual([[1]]);
  });

  it('a query that takes longer than allowed', async () => {
    const query = 'SELECT 1 AS id, pg_sleep(5)::text AS s';
    const tested = await open({ t: { columns, options: { query } } }, { statementTimeoutSeconds: 1 });
    expect(await failure(tested)).toContain(
      'the server cancelled the query (canceling statement due to statement timeout)',
    );
  });

  it('SQL that writes', async () => {
    const tested = await open({ t: { columns, options: { query: `SELECT nextval('s')::int AS id` } } });
    await admin.query('CREATE SEQUENCE s');
    expect(await failure(tested)).toContain('cannot execute nextval() in a read-only transaction');
  });
});

describe('a server that dies', () => {
  it('in the middle of a COPY loses nothing: the table stays as it was, and the next run loads it', async () => {
    await admin.query(`CREATE TABLE doomed (id int, filler text); INSERT INTO doomed VALUES (0, 'before')`);
    const columns = [column('id', 'INTEGER'), column('filler', 'STRING')];
    const tested = await open({ doomed: { columns, options: { query: 'SELECT id, filler FROM doomed' } } });
    await tested.run();
    await admin.query(`INSERT INTO doomed SELECT i, repeat('x', 1000) FROM generate_series(1, 300000) i`);
    await admin.query('CHECKPOINT');
    await admin.end();
    const run = failure(tested);
    await copying();
    await server.kill();
    expect(await run).toMatch(/^failed: .*(broke off|ended the connection)/);
    expect(await tested.rows('SELECT * EXCLUDE (_origin, _extra) FROM copy.doomed')).toEqual([[0, 'before']]);
    await server.restart();
    admin = new pg.Client({ ...server, database: server.database });
    await admin.connect();
    expect((await tested.run()).run).toMatchObject({ status: 'succeeded', rowsLoaded: 300_001 });
  }, 120_000);

  /** Waits until a COPY is on its way. */
  async function copying(): Promise<void> {
    const watcher = new pg.Client({ ...server, database: server.database });
    watcher.on('error', () => undefined);
    await watcher.connect();
    for (;;) {
      const { rows } = await watcher.query(
        `SELECT bytes_processed FROM pg_stat_progress_copy WHERE bytes_processed > 1000000`,
      );
      if (rows.length > 0) return;
    }
  }
});

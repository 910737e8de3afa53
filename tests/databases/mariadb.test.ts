import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mysql } from '../../functions/database/mysql/mysql.ts';
import { source } from '../../functions/database/source.ts';
import type { MariadbServer } from '../setup/mariadb.ts';
import { startMariadb } from '../setup/mariadb.ts';
import { cutProxy } from './cut-proxy.ts';
import type { DatabaseHost, HostTable } from './host.ts';
import { column, failureOf, openHost } from './host.ts';

let server: MariadbServer;
let admin: Connection;
let host: DatabaseHost | undefined;

beforeAll(async () => {
  server = await startMariadb();
  admin = await server.connect();
  admin.on('error', () => undefined);
}, 60_000);

afterAll(async () => {
  await host?.close();
  admin?.destroy();
  await server?.stop();
});

async function open(tables: Readonly<Record<string, HostTable>>, settings: object = {}, secret: object = {}) {
  await host?.close();
  const { host: address, port, database, user, password } = server;
  host = await openHost({
    settings: source.settings.parse({ kind: 'mysql', host: address, port, database, ...settings }),
    secret: { user, password, ...secret },
    tables,
  });
  return host;
}

describe('a catalog', () => {
  it('arrives with every type as the database has it', async () => {
    await admin.query(`SET sql_mode = '';
      CREATE TABLE everything (tiny tinyint, flag tinyint(1), big bigint, ubig bigint unsigned, price decimal(12,2), f float,
        d double, day date, zeroday date, clock time(6), plain datetime(6), moment timestamp(6) NULL, y year,
        name varchar(50), note text, kind enum('a', 'b,c'), tags set('x', 'y'), doc json, raw varbinary(20), bits bit(9), spot point);
      SET time_zone = '+02:00';
      INSERT INTO everything VALUES (-128, 2, 9223372036854775807, 18446744073709551615, -1234567890.12, 16777216, 1e-300,
        '2024-02-29', '0000-00-00', '12:34:56.000001', '2024-03-31 02:30:00.5', '2024-03-31 02:30:00.5', 2024,
        'a,b"c\\nd\\te\\\\N ☃🛰', '', 'b,c', 'x,y', '{"b": 1,  "a": 9007199254740993}', x'00ff22', b'100000001', POINT(1, 2)),
      (NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '\\\\N', NULL, NULL, '', NULL, '', NULL, NULL)`);
    const columns = [
      ...[
        column('tiny', 'INTEGER'),
        column('flag', 'BOOLEAN'),
        column('big', 'INTEGER'),
        column('ubig', 'NUMERIC'),
      ],
      ...[column('price', 'NUMERIC'), column('f', 'FLOAT'), column('d', 'FLOAT'), column('day', 'DATE')],
      ...[
        column('zeroday', 'DATE'),
        column('clock', 'TIME'),
        column('plain', 'DATETIME'),
        column('moment', 'TIMESTAMP'),
      ],
      ...[
        column('y', 'INTEGER'),
        column('name', 'STRING'),
        column('note', 'STRING'),
        column('kind', 'STRING'),
      ],
      ...[
        column('tags', 'STRING'),
        column('doc', 'JSON'),
        column('raw', 'BYTES'),
        column('bits', 'INTEGER'),
        column('spot', 'STRING'),
      ],
    ];
    const tested = await open({ everything: { columns, options: { from: 'everything' } } });
    expect((await tested.run()).run).toMatchObject({ status: 'succeeded', rowsRead: 2, rowsQuarantined: 0 });
    const names = columns.map(({ name }) => `"${name}"::varchar`).join(', ');
    const [first, second] = await tested.rows(`SELECT ${names} FROM copy.everything ORDER BY tiny`);
    expect(first).toEqual([
      ...[
        '-128',
        'true',
        '9223372036854775807',
        '18446744073709551615.000000000',
        '-1234567890.120000000',
        '16777216.0',
      ],
      ...['1e-300', '2024-02-29', null, '12:34:56.000001', '2024-03-31 02:30:00.5'],
      ...[expect.stringContaining('2024-03-31 00:30:00.5'), '2024', 'a,b"c\nd\te\\N ☃🛰', '', 'b,c', 'x,y'],
      ...['{"b": 1,  "a": 9007199254740993}', '\\x00\\xFF\\x22', '257', 'POINT(1 2)'],
    ]);
    const nulls = Array.from({ length: 11 }, () => null);
    expect(second).toEqual([null, 'false', ...nulls, '\\N', null, null, '', null, '', null, null]);
    expect(tested.warnings.join('\n')).toContain('dates 0000-00-00 are no dates and were stored as NULL');
  }, 60_000);

  it('is read by several connections as of one point in time while rows move', async () => {
    await admin.query(`CREATE TABLE big (id int PRIMARY KEY, n int);
      INSERT INTO big SELECT seq, 0 FROM seq_1_to_600000; ANALYZE TABLE big`);
    const columns = [column('id', 'INTEGER', 'REQUIRED'), column('n', 'INTEGER')];
    const tested = await open({ big: { columns, options: { from: 'big' } } }, { readers: 2 });
    const mover = await server.connect();
    let isReading = true;
    const moves = (async () => {
      // All rows change at once: a reader of two moments would see two numbers.
      while (isReading) await mover.query('UPDATE big SET n = n + 1 WHERE id IN (1, 300000, 600000)');
    })();
    const summary = await tested.run();
    isReading = false;
    await moves;
    await mover.end();
    expect(summary.run).toMatchObject({ status: 'succeeded', rowsRead: 600_000 });
    const sql = `SELECT count(*)::int, count(DISTINCT id)::int, count(DISTINCT n) FILTER (id IN (1, 300000, 600000))::int FROM copy.big`;
    expect(await tested.rows(sql)).toEqual([[600_000, 600_000, 1]]);
  }, 120_000);

  it('carries a value of many megabytes, and one that is longer than a packet', async () => {
    await admin.query(`SET GLOBAL max_allowed_packet = 1073741824`);
    const large = await server.connect();
    await large.query(`CREATE TABLE large (id int, doc longblob);
      INSERT INTO large VALUES (1, repeat('a', 5000000)), (2, repeat('b', 17000000)), (3, 'c')`);
    await large.end();
    await admin.query(`SET GLOBAL max_allowed_packet = 16777216`);
    const { host: address, port, database, user, password } = server;
    const pieces = mysql.read({
      settings: source.settings.parse({ kind: 'mysql', host: address, port, database }),
      secret: { user, password },
      signal: new AbortController().signal,
      slice: { table: 'large', origin: '-', options: { from: 'large' } },
      columns: [column('id', 'INTEGER'), column('doc', 'STRING')],
      log: { debug: () => {}, info: () => {}, warn: () => {} },
    } as unknown as Parameters<typeof mysql.read>[0]);
    const lines: number[] = [];
    for await (const piece of pieces) {
      if (!('bytes' in piece)) continue;
      const chunks: Uint8Array[] = [];
      for (const stream of piece.bytes)
        for await (const chunk of stream.open('csv').chunks) chunks.push(chunk);
      lines.push(
        ...Buffer.concat(chunks)
          .toString()
          .split('\n')
          .map(({ length }) => length),
      );
    }
    expect(lines).toEqual([5_000_002, 17_000_002, 3, 0]);
  }, 120_000);
});

describe('a watermark', () => {
  it('is merged with its ties, in ranges', async () => {
    await admin.query(`CREATE TABLE events (id int PRIMARY KEY, at datetime(3), KEY (at));
      INSERT INTO events SELECT seq, '2024-01-01' + INTERVAL seq DIV 3 SECOND FROM seq_1_to_20; INSERT INTO events VALUES (99, NULL)`);
    const columns = [column('id', 'INTEGER', 'REQUIRED'), column('at', 'DATETIME')];
    const options = { from: 'shop.events', chunkRows: 6 };
    const tested = await open({ events: { columns, key: ['id'], watermark: 'at', options } });
    const ids = async () => (await tested.rows('SELECT id FROM copy.events ORDER BY id')).map(([id]) => id);
    await admin.query('ANALYZE TABLE events');
    expect((await tested.run()).run).toMatchObject({ status: 'succeeded', slicesDone: 4, rowsLoaded: 21 });
    await admin.query(`INSERT INTO events VALUES (21, '2024-01-01 00:00:06'), (22, '2024-01-01 00:00:07')`);
    expect((await tested.run()).run.status).toBe('succeeded');
    expect(await ids()).toEqual([...Array.from({ length: 22 }, (_, index) => index + 1), 99]);
  }, 60_000);
});

describe('what goes wrong is told, and nothing is loaded:', () => {
  const columns = [column('id', 'INTEGER')];
  const table = (from: string): Readonly<Record<string, HostTable>> => ({
    t: { columns, options: { from } },
  });

  it('a wrong password, a database that is not there, a table that is not there', async () => {
    const login = await open(table('big'), {}, { password: 'not the password' });
    const said = await failureOf(login);
    expect(said).toContain("refuses the login of the secret's user");
    expect(said).not.toContain('not the password');
    expect(await failureOf(await open(table('big'), { database: 'gone' }))).toContain(
      'there is no such database on 127.0.0.1: got "gone"',
    );
    expect(await failureOf(await open(table('gone')))).toContain(
      "the table is not there (Table 'shop.gone' doesn't exist)",
    );
  });

  it('a permission that is missing, with the GRANT', async () => {
    await admin.query(
      `CREATE TABLE locked (id int); CREATE USER reader IDENTIFIED BY 'reader-password'; GRANT SELECT ON shop.big TO reader`,
    );
    const tested = await open(table('locked'), {}, { user: 'reader', password: 'reader-password' });
    expect(await failureOf(tested)).toContain('GRANT SELECT ON shop.* TO that user');
  });

  it('a user who may lock nothing reads a large table by one connection', async () => {
    const tested = await open(
      { t: { columns, options: { from: 'big' } } },
      { readers: 2 },
      { user: 'reader', password: 'reader-password' },
    );
    expect((await tested.run()).run).toMatchObject({ status: 'succeeded', rowsRead: 600_000 });
  }, 60_000);

  it('a column that was renamed since the schema file, by both names', async () => {
    await admin.query('CREATE TABLE renamed (id int, customer text)');
    const tested = await open({
      t: { columns: [...columns, column('client', 'STRING')], options: { from: 'renamed' } },
    });
    expect(await failureOf(tested)).toContain(
      'renamed lacks "client", which the schema file names, and has "customer", which the schema file does not know',
    );
  });

  it('a query that takes longer than allowed', async () => {
    const query = 'SELECT 1 AS id, SLEEP(5) AS s';
    const tested = await open({ t: { columns, options: { query } } }, { statementTimeoutSeconds: 1 });
    expect(await failureOf(tested)).toContain('the server cancelled the query');
  });

  it('a connection that is cut in the middle of the rows', async () => {
    const proxy = await cutProxy(server.port, 3_000_000);
    const tested = await open({ t: { columns, options: { from: 'big' } } }, { readers: 1 });
    await tested.run();
    const cut = await open(table('big'), { port: proxy.port, readers: 1 });
    expect(await failureOf(cut)).toMatch(/^failed: .*(broke off|ended the connection)/);
    expect(await cut.rows('SELECT count(*)::int FROM copy.t')).toEqual([[0]]);
    await proxy.close();
  }, 60_000);

  it('a server that is killed in the middle of the rows, and the next run loads them', async () => {
    const tested = await open(table('big'), { readers: 1 });
    const run = failureOf(tested);
    const watcher = await server.connect();
    watcher.on('error', () => undefined);
    for (;;) {
      const [rows] = await watcher.query(
        `SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Sending data%' OR STATE LIKE 'Writing to net%'`,
      );
      if ((rows as unknown[]).length > 0) break;
    }
    await server.kill();
    expect(await run).toMatch(/^failed: .*(broke off|ended the connection)/);
    await server.restart();
    expect((await tested.run()).run).toMatchObject({ status: 'succeeded', rowsLoaded: 600_000 });
  }, 120_000);
});

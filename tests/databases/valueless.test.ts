import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { source } from '../../functions/database/source.ts';
import { startMariadb } from '../setup/mariadb.ts';
import { startPostgres } from '../setup/postgres.ts';
import type { DatabaseHost, HostTable } from './host.ts';
import { column, openHost } from './host.ts';

interface Engine {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secret: Readonly<Record<string, unknown>>;
  sql(text: string): Promise<unknown>;
  stop(): Promise<void>;
}

async function postgres(): Promise<Engine> {
  const { host, port, database, user, password, stop } = await startPostgres();
  const client = new pg.Client({ host, port, database, user, password });
  await client.connect();
  await client.query(`SET timezone = 'UTC'`);
  return {
    settings: { kind: 'postgres', host, port, database },
    secret: { user, password },
    sql: (text) => client.query(text),
    stop: () => client.end().then(stop),
  };
}

async function mariadb(): Promise<Engine> {
  const { host, port, database, user, password, connect, stop } = await startMariadb();
  const connection = await connect();
  await connection.query(`SET sql_mode = ''`);
  return {
    settings: { kind: 'mysql', host, port, database },
    secret: { user, password },
    sql: (text) => connection.query(text),
    stop: () => connection.end().then(stop),
  };
}

describe.each([
  // DuckDB holds no infinite date.
  { name: 'PostgreSQL', start: postgres, type: 'timestamp(3)', odd: `'infinity'`, quarantined: 1 },
  { name: 'MariaDB', start: mariadb, type: 'datetime(3)', odd: `'0000-00-00 00:00:00'`, quarantined: 0 },
])('rows without a value in the watermark, on $name', ({ start, type, odd, quarantined }) => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await start();
  }, 60_000);

  afterAll(() => engine?.stop());

  const columns = [column('id', 'INTEGER', 'REQUIRED'), column('at', 'DATETIME'), column('value', 'INTEGER')];

  async function open(table: Partial<HostTable> = {}): Promise<DatabaseHost> {
    await engine.sql('DROP TABLE IF EXISTS events');
    await engine.sql(`CREATE TABLE events (id int PRIMARY KEY, at ${type}, value int)`);
    await engine.sql('CREATE INDEX events_at ON events (at)');
    const options = { from: 'events' };
    return openHost({
      settings: source.settings.parse(engine.settings),
      secret: engine.secret,
      tables: { events: { columns, key: ['id'], watermark: 'at', options, ...table } },
    });
  }

  const loaded = (host: DatabaseHost) => host.rows('SELECT id, value FROM copy.events ORDER BY id');

  const cursors = async (host: DatabaseHost) =>
    (await host.rows('SELECT left(value, 19) FROM catchment.cursors')).flat();

  it('are merged again in each run, whatever becomes of them, and move no cursor', async () => {
    const host = await open();
    await engine.sql(`INSERT INTO events VALUES (1, NULL, 1), (2, '2024-01-01 00:00:00', 2)`);
    await host.run();
    await engine.sql(`INSERT INTO events VALUES (3, NULL, 3), (4, ${odd}, 4)`);
    await engine.sql('UPDATE events SET at = NULL, value = 20 WHERE id = 2');
    const second = await host.run();
    expect(second.run).toMatchObject({ status: 'succeeded', rowsQuarantined: quarantined });
    expect(await loaded(host)).toEqual([[1, 1], [2, 20], [3, 3], ...(quarantined === 0 ? [[4, 4]] : [])]);
    expect(await cursors(host)).toEqual(['2024-01-01 00:00:00']);
    await engine.sql(`UPDATE events SET value = 30, at = '2024-01-02 00:00:00' WHERE id = 3`);
    const third = await host.run();
    expect(third.run).toMatchObject({ status: 'succeeded', rowsLoaded: 1, rowsUnchanged: 3 - quarantined });
    expect(await loaded(host)).toContainEqual([3, 30]);
    expect(await cursors(host)).toEqual(['2024-01-02 00:00:00']);
    await host.close();
  }, 60_000);

  it('arrive although no row has a value yet', async () => {
    const host = await open();
    await engine.sql('INSERT INTO events VALUES (1, NULL, 1)');
    expect((await host.run()).run).toMatchObject({ status: 'succeeded', rowsLoaded: 1 });
    expect(await cursors(host)).toEqual([]);
    await engine.sql(`INSERT INTO events VALUES (2, '2024-01-01 00:00:00', 2)`);
    expect((await host.run()).run).toMatchObject({ status: 'succeeded', rowsLoaded: 1 });
    expect(await loaded(host)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    await host.close();
  }, 60_000);

  it('are not read where there are none', async () => {
    const host = await open();
    await engine.sql(`INSERT INTO events VALUES (1, '2024-01-01 00:00:00', 1)`);
    await host.run();
    expect((await host.run()).run).toMatchObject({ status: 'succeeded', slicesPlanned: 1 });
    await host.close();
  }, 60_000);

  it('are told by their number, and fail the run, where a table that appends lacks them', async () => {
    const host = await open({ writeMode: 'append', key: [] });
    await engine.sql(
      `INSERT INTO events VALUES (1, NULL, 1), (2, '2024-01-01 00:00:00', 2), (3, '2024-01-02 00:00:00', 3)`,
    );
    expect((await host.run()).run.status).toBe('succeeded');
    expect(await loaded(host)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    // The one without a value was loaded by the first run: nothing is missing.
    expect((await host.run()).run).toMatchObject({ status: 'succeeded', slicesPlanned: 0 });
    await engine.sql(`INSERT INTO events VALUES (4, NULL, 4), (5, NULL, 5), (6, '2024-01-03 00:00:00', 6)`);
    const summary = await host.run();
    const told =
      '[events] 2 rows without a value in "at" came after the first load and cannot be appended: nothing tells whether they ' +
      'were loaded; name a key, so that they are merged; or give the column a default and NOT NULL; or leave such rows out ' +
      'by a `query`';
    expect(summary.run).toMatchObject({ status: 'partial', slicesDone: 1, slicesFailed: 1, error: told });
    expect(summary.failures).toEqual([{ sliceId: 'events/-/without a value', error: told }]);
    expect(await host.rows(`SELECT slice_id, error FROM catchment.slices WHERE status = 'failed'`)).toEqual([
      ['events/-/without a value', told],
    ]);
    expect(await loaded(host)).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    await host.close();
  }, 60_000);
});

import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { source } from '../../functions/database/source.ts';
import type { PostgresServer } from '../setup/postgres.ts';
import { startPostgres } from '../setup/postgres.ts';
import type { DatabaseHost, HostTable } from './host.ts';
import { column, openHost } from './host.ts';

let server: PostgresServer;
let admin: pg.Client;

beforeAll(async () => {
  server = await startPostgres();
  admin = new pg.Client({ ...server, database: server.database });
  await admin.connect();
  await admin.query(`SET timezone = 'UTC'`);
}, 60_000);

afterAll(async () => {
  await admin?.end();
  await server?.stop();
});

const columns = [column('id', 'INTEGER', 'REQUIRED'), column('at', 'TIMESTAMP'), column('value', 'INTEGER')];

function open(table: Partial<HostTable> = {}): Promise<DatabaseHost> {
  const { host, port, database, user, password } = server;
  return openHost({
    settings: source.settings.parse({ kind: 'postgres', host, port, database }),
    secret: { user, password },
    tables: {
      events: {
        columns,
        key: ['id'],
        watermark: 'at',
        ...table,
        options: { from: 'public.events', ...table.options },
      },
    },
  });
}

async function createEvents(type = 'timestamptz'): Promise<void> {
  await admin.query(`DROP TABLE IF EXISTS events; CREATE TABLE events (id int PRIMARY KEY, at ${type}, value int);
    CREATE INDEX ON events (at)`);
}

async function sourceRows(): Promise<unknown> {
  const { rows } = await admin.query({ text: 'SELECT id, value FROM events ORDER BY id', rowMode: 'array' });
  return rows;
}

const loadedRows = (host: DatabaseHost) => host.rows('SELECT id, value FROM copy.events ORDER BY id');

const cursorOf = async (host: DatabaseHost) =>
  (await host.rows('SELECT value FROM catchment.cursors'))[0]?.[0];

/** What happens to the source between two runs. Moments are few, so that many rows share one. */
const happening = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), step: fc.integer({ min: 0, max: 1 }) }),
  fc.record({
    kind: fc.constant('update' as const),
    which: fc.nat({ max: 30 }),
    step: fc.integer({ min: 0, max: 1 }),
  }),
  fc.record({ kind: fc.constant('forget' as const), which: fc.nat({ max: 30 }) }),
  fc.record({ kind: fc.constant('run' as const) }),
);

describe('a watermark that is merged', () => {
  it('brings every row of any history as it is at last, and none twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { minLength: 1, maxLength: 14 }),
        fc.integer({ min: 1, max: 4 }),
        async (history, chunkRows) => {
          await createEvents();
          const host = await open({ options: { chunkRows } });
          let [ids, clock, value] = [0, 0, 0];
          try {
            for (const each of history) {
              if (each.kind === 'run') {
                expect((await host.run()).run.status).toBe('succeeded');
                expect(await loadedRows(host)).toEqual(await sourceRows());
                continue;
              }
              value += 1;
              if (each.kind === 'forget') {
                await admin.query(`UPDATE events SET at = NULL, value = ${value} WHERE id = ${each.which}`);
                continue;
              }
              clock += each.step;
              const at = `timestamptz '2024-01-01 00:00:00+00' + ${clock} * interval '0.5 second'`;
              if (each.kind === 'insert') {
                ids += 1;
                await admin.query(`INSERT INTO events VALUES (${ids}, ${at}, ${value})`);
              } else
                await admin.query(`UPDATE events SET at = ${at}, value = ${value} WHERE id = ${each.which}`);
            }
            await host.run();
            expect(await loadedRows(host)).toEqual(await sourceRows());
          } finally {
            await host.close();
          }
        },
      ),
      { numRuns: 12, seed: 20_261_121 },
    );
  }, 240_000);

  it('catches by its lookback a row that was committed late with an older value', async () => {
    await createEvents();
    await admin.query(`INSERT INTO events VALUES (1, '2024-01-01 12:00:00+00', 1)`);
    const late = new pg.Client({ ...server, database: server.database });
    await late.connect();
    await late.query(`BEGIN; INSERT INTO events VALUES (2, '2024-01-01 11:59:00+00', 2)`);
    const [with60, without] = [await open({ lookback: 60 }), await open()];
    for (const host of [with60, without]) await host.run();
    await late.query('COMMIT');
    await late.end();
    for (const host of [with60, without]) await host.run();
    expect(await loadedRows(with60)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect(await loadedRows(without)).toEqual([[1, 1]]);
    expect(await cursorOf(with60)).toBe('2024-01-01 12:00:00');
    for (const host of [with60, without]) await host.close();
  }, 60_000);

  it('reads rows without a value, and with infinity, in its first run', async () => {
    await createEvents();
    await admin.query(`INSERT INTO events VALUES (1, NULL, 1), (2, '2024-01-01 00:00:00+00', 2)`);
    const host = await open();
    await host.run();
    expect(await loadedRows(host)).toEqual([
      [1, 1],
      [2, 2],
    ]);
    await admin.query(`INSERT INTO events VALUES (3, 'infinity', 3)`);
    await host.run();
    expect(await cursorOf(host)).toBe('2024-01-01 00:00:00');
    await host.close();
  }, 60_000);

  it('reads a first load in ranges, each committed, and goes on behind one that failed', async () => {
    await createEvents();
    await admin.query(`INSERT INTO events SELECT i, timestamptz '2024-01-01 00:00:00+00' + i * interval '1 minute', i
      FROM generate_series(1, 10) i`);
    const host = await open({ options: { chunkRows: 4 } });
    let started = 0;
    const broken = await host.run({
      onEvent: async (event) => {
        if (event.type === 'slice-started') started += 1;
        // The second range meets a table that is locked away.
        if (event.type === 'slice-started' && started === 2)
          await admin.query('ALTER TABLE events RENAME TO away');
      },
    });
    expect(broken.run).toMatchObject({ status: 'partial', slicesPlanned: 3, slicesDone: 1, slicesFailed: 1 });
    expect(started).toBe(2);
    expect(await cursorOf(host)).toBe('2024-01-01 00:04:00');
    expect((await loadedRows(host)).map(([id]) => id)).toEqual([1, 2, 3]);
    await admin.query('ALTER TABLE away RENAME TO events');
    expect((await host.run()).run.status).toBe('succeeded');
    expect(await loadedRows(host)).toEqual(await sourceRows());
    await host.close();
  }, 60_000);

  it('tells that the table was emptied, and reads everything again', async () => {
    await createEvents();
    await admin.query(
      `INSERT INTO events VALUES (1, '2024-01-01 00:00:00+00', 1), (2, '2024-01-02 00:00:00+00', 2)`,
    );
    for (const writeMode of ['merge', 'append'] as const) {
      const host = await open({ writeMode });
      await host.run();
      const before = await loadedRows(host);
      await host.tamper('DELETE FROM copy.events');
      const again = await host.run();
      const told =
        'the table is empty although it was loaded up to 2024-01-02 00:00:00, so everything is read again';
      expect(again.skipped).toEqual([`events: ${told}`]);
      expect(host.warnings.join('\n')).toContain(told);
      expect(await loadedRows(host)).toEqual(before);
      expect((await host.run()).skipped).not.toContain(`events: ${told}`);
      await host.close();
    }
  }, 60_000);

  it('compares in the column’s own type, with a zone and without', async () => {
    for (const type of ['timestamp', 'timestamptz']) {
      await createEvents(type);
      await admin.query(`INSERT INTO events VALUES (1, '2024-07-01 12:00:00', 1)`);
      const { host: address, port, database, user, password } = server;
      const host = await openHost({
        settings: source.settings.parse({
          ...{ kind: 'postgres', host: address, port, database, timeZone: 'Europe/Rome' },
        }),
        secret: { user, password },
        tables: { events: { columns, key: ['id'], watermark: 'at', options: { from: 'public.events' } } },
      });
      await host.run();
      const utc = type === 'timestamp' ? '2024-07-01 10:00:00' : '2024-07-01 12:00:00';
      expect(await cursorOf(host)).toBe(utc);
      expect(
        await host.rows(`SELECT strftime("at" AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S') FROM copy.events`),
      ).toEqual([[utc]]);
      await admin.query(
        `INSERT INTO events VALUES (2, '2024-07-01 12:00:00', 2), (3, '2024-07-01 12:00:01', 3)`,
      );
      expect((await host.run()).run.rowsRead).toBe(3);
      expect(await loadedRows(host)).toEqual(await sourceRows());
      await host.close();
    }
  }, 60_000);

  it('is refused where the schema file would not keep its order', async () => {
    await createEvents('text');
    await admin.query(`INSERT INTO events VALUES (1, '2024', 1)`);
    const host = await open();
    const { run, failures } = await host.run();
    expect(run.status).toBe('failed');
    expect(failures[0]?.error).toContain(
      'the watermark "at" is TIMESTAMP in the schema file, but text in the database; allowed: timestamptz, timestamp',
    );
    await host.close();
  });
});

describe('a watermark that is appended', () => {
  it('brings every row but those of the newest value, and none twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.nat({ max: 2 }), fc.constant('run' as const)), { minLength: 1, maxLength: 14 }),
        fc.integer({ min: 1, max: 4 }),
        async (history, chunkRows) => {
          await createEvents();
          const host = await open({ writeMode: 'append', key: [], options: { chunkRows } });
          let [ids, clock] = [0, 0];
          const expected = async () => {
            const { rows } = await admin.query({
              text: 'SELECT id, value FROM events WHERE at < (SELECT max(at) FROM events) ORDER BY id',
              rowMode: 'array',
            });
            return rows;
          };
          try {
            for (const step of [...history, 'run' as const]) {
              if (step === 'run') {
                await host.run();
                expect(await loadedRows(host)).toEqual(await expected());
                continue;
              }
              clock += step;
              ids += 1;
              await admin.query(
                `INSERT INTO events VALUES (${ids}, timestamptz '2024-01-01 00:00:00+00' + ${clock} * interval '1 second', ${ids})`,
              );
            }
          } finally {
            await host.close();
          }
        },
      ),
      { numRuns: 12, seed: 20_261_121 },
    );
  }, 240_000);
});

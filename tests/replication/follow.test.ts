import { describe, expect, it } from 'vitest';
import { parseLsn } from '../../functions/postgres-replication/position.ts';
import type { RunOptions } from './pipeline.ts';
import { runReplication } from './pipeline.ts';
import { until } from './source-database.ts';
import { createItems, items, large, useSource } from './use-source.ts';

const given = useSource({ log_min_messages: 'fatal' });

const run = (options: Partial<RunOptions> = {}, settings?: Record<string, unknown>) =>
  runReplication(given.source.replication({ items }, settings), { warehouse: given.warehouse, ...options });

async function expectSame(): Promise<void> {
  const rows = await given.source.rows('SELECT id, name, body FROM items ORDER BY id');
  expect(await given.loaded()).toEqual(rows.map(([id, ...rest]) => [Number(id), ...rest, null]));
}

async function confirmed(): Promise<bigint> {
  const [[lsn] = []] = await given.source.rows(
    `SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = 'slot_${given.source.name}'`,
  );
  return parseLsn(String(lsn));
}

async function position(): Promise<string> {
  const { rows } = await given.warehouse.query(`SELECT value FROM catchment.cursors WHERE "table" = '*'`);
  return String(rows[0]?.[0]);
}

describe('a transaction too large for one commit', () => {
  const fill = (from: number, to: number) =>
    `INSERT INTO items SELECT i, 'row ' || i, NULL FROM generate_series(${from}, ${to}) AS i`;

  it('is committed in parts', async () => {
    await given.source.sql(createItems);
    await run();
    await given.source.sql(
      'BEGIN',
      fill(1, 25_000),
      `UPDATE items SET name = 'x' WHERE id % 1000 = 0`,
      'COMMIT',
    );
    const summary = await run();
    expect(summary.run).toMatchObject({ status: 'succeeded', rowsRead: 25_025 });
    expect(summary.run.slicesDone).toBeGreaterThan(2);
    await expectSame();
    expect(await position()).toMatch(/^[0-9A-F]+\/[0-9A-F]+ /);
  });

  it('goes on in its middle after a crash, though a row kept its large value and changed its key', async () => {
    await given.source.sql(
      createItems,
      `INSERT INTO items VALUES (-1, 'moves', ${large('a')}), (-2, 'moves', ${large('b')})`,
    );
    await run();
    const before = await confirmed();
    await given.source.sql(
      'BEGIN',
      `UPDATE items SET name = 'first' WHERE id = -1`,
      'UPDATE items SET id = -10 WHERE id = -1',
      fill(1, 15_000),
      'UPDATE items SET id = -100 WHERE id = -10',
      'UPDATE items SET id = -20 WHERE id = -2',
      fill(15_001, 30_000),
      `UPDATE items SET name = 'last' WHERE id < 0`,
      'COMMIT',
    );
    let commits = 0;
    const died = await run({
      onEvent: ({ type }) => {
        if (type !== 'slice-committed') return;
        commits += 1;
        if (commits === 2) throw new Error('the process dies here');
      },
    });
    expect(died.run.error).toContain('the process dies here');
    expect(await position()).toMatch(/^[0-9A-F]+\/[0-9A-F]+\+20000@[0-9A-F]+\/[0-9A-F]+ /);
    // The server must keep the whole transaction until its end is committed here.
    expect(await confirmed()).toBe(before);
    const rest = await run();
    expect(rest.run).toMatchObject({ status: 'succeeded', rowsRead: 30_006 - 20_000 });
    await expectSame();
    expect(await confirmed()).toBeGreaterThan(before);
  });
});

describe('an idle database', () => {
  it('frees its log when another database of the server writes', async () => {
    await given.source.sql(createItems);
    await run();
    const before = await confirmed();
    await given.source.sql(
      'CREATE TABLE noise (a text)',
      `INSERT INTO noise SELECT ${large('n')} FROM generate_series(1, 100)`,
    );
    const summary = await run();
    expect(summary.run).toMatchObject({ status: 'succeeded', slicesDone: 0, rowsRead: 0 });
    expect(await confirmed()).toBeGreaterThan(before + 500_000n);
    expect(summary.lag).toEqual({ bytes: 0, seconds: 0 });
  });

  it('frees it by heartbeats while a run stays', async () => {
    await given.source.sql(createItems);
    await run();
    const stop = new AbortController();
    const staying = run({ signal: stop.signal }, { stay: true, heartbeat: 0.1 });
    for (let round = 0; round < 2; round += 1) {
      const before = await confirmed();
      await given.source.sql(
        'CREATE TABLE IF NOT EXISTS noise (a text)',
        `INSERT INTO noise SELECT ${large('n')} FROM generate_series(1, 100)`,
      );
      await until('the slot moves', async () => (await confirmed()) > before + 500_000n);
    }
    stop.abort();
    expect((await staying).run).toMatchObject({ status: 'succeeded' });
  });
});

describe('a run that stays', () => {
  it('loads what comes, and ends by its signal with all of it committed', async () => {
    await given.source.sql(createItems, `INSERT INTO items VALUES (1, 'a', NULL)`);
    const stop = new AbortController();
    const staying = run({ signal: stop.signal }, { stay: true });
    await until('the copy is there', async () => (await given.loaded().catch(() => [])).length === 1);
    await given.source.sql(`INSERT INTO items VALUES (2, 'b', NULL)`);
    await until('the change is there', async () => (await given.loaded()).length === 2);
    stop.abort();
    expect((await staying).run).toMatchObject({ status: 'succeeded' });
    await expectSame();
    expect((await run()).run).toMatchObject({ status: 'succeeded', rowsRead: 0 });
  });

  it('ends at its deadline', async () => {
    await given.source.sql(createItems);
    const end = new Date(Date.now() + 1_500);
    expect((await run({ deadline: end }, { stay: true })).run).toMatchObject({ status: 'succeeded' });
  });
});

it('is deferred when its time is up before it has caught up', async () => {
  await given.source.sql(createItems);
  await run();
  await given.source.sql(
    ...Array.from(
      { length: 4 },
      (_, part) =>
        `INSERT INTO items SELECT i, 'x', NULL FROM generate_series(${part * 15_000}, ${part * 15_000 + 14_999}) AS i`,
    ),
  );
  const deadline = new Date();
  const late = await run({ deadline });
  expect(late.run).toMatchObject({ status: 'deferred' });
  expect((await run()).run).toMatchObject({ status: 'succeeded' });
  await expectSame();
});

it('goes on from the committed position when the server is restarted in mid-stream', {
  timeout: 60_000,
}, async () => {
  const { source, server } = given;
  await source.sql(createItems);
  const stop = new AbortController();
  const waits: number[] = [];
  const { promise: isBack, resolve: comesBack } = Promise.withResolvers<void>();
  const staying = run(
    {
      signal: stop.signal,
      sleep: async (ms) => {
        waits.push(ms);
        await isBack;
      },
    },
    { stay: true },
  );
  await source.sql(`INSERT INTO items SELECT i, 'before', NULL FROM generate_series(1, 100) AS i`);
  await until('the rows are there', async () => (await given.loaded().catch(() => [])).length === 100);
  await server.restart();
  await source.reconnect();
  comesBack();
  await source.sql(`INSERT INTO items SELECT i, 'after', NULL FROM generate_series(101, 200) AS i`);
  await until('the rest is there', async () => (await given.loaded()).length === 200);
  stop.abort();
  expect((await staying).run).toMatchObject({ status: 'succeeded' });
  expect(waits).toEqual([1000]);
  await expectSame();
});

it.each([-600_000, 600_000])('does not mind a clock that is %i ms off', async (skew) => {
  const now = () => new Date(Date.now() + skew);
  await given.source.sql(createItems, `INSERT INTO items VALUES (1, 'a', NULL)`);
  expect((await run({ now })).run).toMatchObject({ status: 'succeeded' });
  await given.source.sql(
    `INSERT INTO items VALUES (2, 'b', NULL)`,
    `UPDATE items SET name = 'A' WHERE id = 1`,
  );
  const summary = await run({ now });
  expect(summary.run).toMatchObject({ status: 'succeeded', rowsRead: 2 });
  expect(summary.lag).toEqual({ bytes: 0, seconds: 0 });
  await expectSame();
});

it('measures how far it is behind by the clock and the log of the source', async () => {
  await given.source.sql(createItems);
  await run();
  await given.source.sql(`INSERT INTO items SELECT i, 'x', NULL FROM generate_series(1, 35000) AS i`);
  const lags: { bytes: number; seconds: number }[] = [];
  const log = {
    debug: () => {},
    warn: () => {},
    info: (fields: Readonly<Record<string, unknown>>) => {
      if (fields.lag !== undefined) lags.push(fields.lag as { bytes: number; seconds: number });
    },
  };
  const summary = await run({ log, now: () => new Date(0) });
  expect(summary.lag).toEqual({ bytes: 0, seconds: 0 });
  expect(lags.length).toBeGreaterThan(2);
  expect(lags[0]?.bytes).toBeGreaterThan(100_000);
  expect(lags.at(-1)).toEqual({ bytes: 0, seconds: 0 });
});

it('tells the source that changes are durable only after their commit', async () => {
  await given.source.sql(createItems);
  await run();
  const before = await confirmed();
  await given.source.sql(`INSERT INTO items VALUES (1, 'a', NULL)`);
  const failed = await run({
    onEvent: ({ type }) => {
      if (type === 'rows-staged') throw new Error('the process dies here');
    },
  });
  expect(failed.run.error).toContain('the process dies here');
  expect(await given.loaded()).toEqual([]);
  expect(await confirmed()).toBe(before);
  await run();
  await expectSame();
});

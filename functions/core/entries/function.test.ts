import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startFunction } from '../../../tests/fixtures/start-function.ts';
import { useTideFunction } from '../../../tests/fixtures/use-tide-function.ts';
import { addDays, subtractMonths, today } from '../run/days.ts';

const day = today(new Date(), 'UTC');
const gauge = useTideFunction();

describe('a function', () => {
  it('is up without touching the warehouse', async () => {
    const { status, body } = await gauge.call('GET /health');
    expect([status, body]).toEqual([200, { status: 'ok', source: 'tide-gauge' }]);
  });

  it('loads the last seven days at first, and what is new after that', async () => {
    const first = await gauge.call('POST /extract', {});
    expect([first.status, first.body.run.status, first.body.run.trigger]).toEqual([200, 'succeeded', 'http']);
    expect(first.body.tables).toEqual([
      expect.objectContaining({ table: 'tides.levels', rowsRead: 14, inserted: 14, quarantined: 0 }),
      expect.objectContaining({ table: 'tides.stations', rowsRead: 2, inserted: 2 }),
    ]);
    const second = await gauge.call('POST /extract');
    expect([second.status, second.body.tables[0].inserted]).toEqual([200, 0]);
    const sql = `select min(day)::varchar, max(day)::varchar, count(*), max(reading_id) > 9007199254740900 from tides.levels`;
    const { rows } = await gauge.look((warehouse) => warehouse.query(sql));
    expect(rows).toEqual([[addDays(day, -7), addDays(day, -1), 14, true]]);
  });

  it('loads the days that are named, in the write mode that is named', async () => {
    const window = { start_date: addDays(day, -20), end_date: addDays(day, -18) };
    const { status, body } = await gauge.call('POST /extract', {
      group: 'north',
      ...window,
      write_mode: 'merge',
    });
    expect([status, body.run.lane, body.run.rowsLoaded]).toEqual([200, 'backfill', 6]);
  });

  it('loads months by the query alone', async () => {
    const { status, body } = await gauge.call('POST /backfill?months=2&write_mode=replaceWindow&group=north');
    expect([status, body.run.lane]).toEqual([200, 'backfill']);
    const { rows } = await gauge.look((warehouse) =>
      warehouse.query(`select min(day)::varchar, max(day)::varchar from tides.levels`),
    );
    expect(rows).toEqual([[subtractMonths(day, 2), addDays(day, -1)]]);
  });

  it('knows the clock by its header', async () => {
    const { body } = await gauge.call('POST /extract', undefined, {
      headers: { 'x-cloudscheduler': 'true' },
    });
    expect(body.run.trigger).toBe('schedule');
  });

  it('takes JSON whatever type its caller says it is', async () => {
    const { status, body } = await gauge.call('POST /extract', undefined, {
      body: '{"group":"south"}',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([status, body.error.field]).toEqual([400, 'group']);
  });

  it('tells runs, cursors and what is owed', async () => {
    const { status, body } = await gauge.call('GET /status');
    expect(status).toBe(200);
    expect(body).toMatchObject({ pipeline: 'tides', source: 'tide-gauge', warehouse: 'duckdb' });
    const [north] = body.groups;
    expect(north.lastRuns.map((run: { trigger: string }) => run.trigger)).toContain('schedule');
    expect(north.owed).toEqual([]);
    expect(north.cursors).toContainEqual(
      expect.objectContaining({ lane: 'incremental', table: 'levels', origin: 'b', value: addDays(day, -1) }),
    );
  });
});

describe('a run that cannot be done', () => {
  it('is 409 while another one is at work, and one of two triggers loads', async () => {
    gauge.vendor.mood = 'holding';
    const first = gauge.call('POST /extract');
    await gauge.vendor.held();
    const second = await gauge.call('POST /extract');
    expect([second.status, second.headers.get('retry-after')]).toEqual([409, '60']);
    expect(second.body.error).toMatchObject({ code: 'already-running', retryable: true });
    expect((await gauge.call('GET /status')).body.groups[0].lastRuns[0].status).toBe('running');
    gauge.vendor.release();
    expect((await first).status).toBe(200);
  });

  it('is 500 when slices failed, names them, and the next run takes them first', async () => {
    gauge.vendor.mood = 'half-broken';
    const window = { start_date: addDays(day, -100), end_date: addDays(day, -100) };
    const partial = await gauge.call('POST /extract', window);
    const slice = expect.stringMatching(/^levels\/b\//);
    expect([partial.status, partial.body.run.status]).toEqual([500, 'partial']);
    expect(partial.body.failures).toEqual([{ sliceId: slice, error: expect.stringContaining('400') }]);
    expect(partial.body.error).toMatchObject({ code: 'partial', retryable: true });
    expect(partial.body.error.message).toContain(partial.body.failures[0].sliceId);
    const { body } = await gauge.call('GET /status');
    expect(body.groups[0].owed).toEqual([expect.objectContaining({ lane: 'backfill', sliceId: slice })]);
    gauge.vendor.mood = 'well';
    expect((await gauge.call('POST /extract', window)).status).toBe(200);
    expect((await gauge.call('GET /status')).body.groups[0].owed).toEqual([]);
  });

  it('is 503 when the file is open in another process', async () => {
    const reply = await gauge.look(() => gauge.call('POST /extract'));
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '60']);
    expect(reply.body.error).toMatchObject({ code: 'warehouse-locked', retryable: true });
  });

  it('is 500 when the token is wrong, and shows none of it', async () => {
    writeFileSync(join(gauge.tides.folder, 'secrets', 'tides-north'), '{"token":"wrong-token-9d1e"}');
    const reply = await gauge.call('POST /extract');
    writeFileSync(
      join(gauge.tides.folder, 'secrets', 'tides-north'),
      JSON.stringify({ token: gauge.vendor.token }),
    );
    expect([reply.status, reply.body.error.retryable]).toEqual([500, false]);
    expect(reply.body.error.message).toContain('401');
    expect(JSON.stringify(reply.body) + gauge.started.output()).not.toContain('wrong-token-9d1e');
    expect((await gauge.call('POST /extract')).status).toBe(200);
  });

  it('ends when its caller hangs up, and the next one goes on', async () => {
    gauge.vendor.mood = 'holding';
    const window = { start_date: addDays(day, -200), end_date: addDays(day, -200) };
    const hangUp = new AbortController();
    const gone = gauge
      .call('POST /extract', window, { signal: hangUp.signal })
      .catch((error: Error) => error.name);
    await gauge.vendor.held();
    hangUp.abort();
    expect(await gone).toBe('AbortError');
    await expect
      .poll(async () => (await gauge.call('GET /status')).body.groups[0].lastRuns[0].status, {
        timeout: 20_000,
      })
      .toBe('failed');
    gauge.vendor.release();
    expect((await gauge.call('POST /extract', window)).status).toBe(200);
  });

  it('is 503 with the time to come back when the vendor wants a long wait', async () => {
    gauge.vendor.mood = 'out-of-quota';
    const reply = await gauge.call('POST /extract');
    gauge.vendor.mood = 'well';
    expect([reply.status, reply.body.run.status]).toEqual([503, 'deferred']);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(3500);
    const early = await gauge.call('POST /extract');
    expect([early.status, early.body.error.code]).toEqual([503, 'deferred']);
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(3500);
  });
});

describe('the log', () => {
  it('has one line of JSON per step, with the severity that alerts go by', () => {
    const lines = gauge.started
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const ends = lines.filter(({ message }) => message.startsWith('the run ended'));
    const severities = new Map(ends.map(({ severity, status }) => [status, severity]));
    expect(Object.fromEntries(severities)).toEqual({
      succeeded: 'INFO',
      partial: 'ERROR',
      failed: 'ERROR',
      deferred: 'WARNING',
    });
    for (const line of ends)
      expect(line).toMatchObject({ pipeline: 'tides', group: 'north', source: 'tide-gauge' });
    expect(lines.map(({ message }) => message)).toContain('a slice is in');
  });

  it('says why a run did not begin, and shows no secret', () => {
    expect(gauge.started.output()).toMatch(/"severity":"WARNING",.*"code":"already-running"/);
    expect(gauge.started.output()).not.toContain(gauge.vendor.token);
  });
});

describe('the process', () => {
  it('ends at once with a clear word when its port is taken', async () => {
    const port = Number(new URL(gauge.started.url).port);
    const second = await startFunction(gauge.tides.bundle.dir, gauge.tides.env, port);
    expect(await second.ended()).toEqual({ code: 1, signal: null });
    expect(second.output()).toContain(`EADDRINUSE: address already in use :::${port}`);
  });
});

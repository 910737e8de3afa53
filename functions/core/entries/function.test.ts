import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StartedFunction } from '../../../tests/fixtures/start-function.ts';
import { startFunction } from '../../../tests/fixtures/start-function.ts';
import type { TidePipeline } from '../../../tests/fixtures/tide-pipeline.ts';
import { openTidePipeline } from '../../../tests/fixtures/tide-pipeline.ts';
import type { TideVendor } from '../../../tests/fixtures/tide-vendor.ts';
import { startTideVendor } from '../../../tests/fixtures/tide-vendor.ts';
import { addDays, subtractMonths, today } from '../run/days.ts';
import { openWarehouse } from '../warehouses/open.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';

const day = today(new Date(), 'UTC');

let vendor: TideVendor;
let tides: TidePipeline;
let started: StartedFunction;

beforeAll(async () => {
  vendor = await startTideVendor();
  tides = await openTidePipeline(vendor);
  started = await startFunction(tides.bundle.dir, tides.env);
});

afterAll(async () => {
  started.child.kill('SIGKILL');
  await vendor.close();
  tides.close();
});

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what came over the wire is asserted, not typed.
  readonly body: any;
}

async function call(route: string, body?: unknown, init: RequestInit = {}): Promise<Reply> {
  const [method = '', path = ''] = route.split(' ');
  const response = await fetch(`${started.url}${path}`, {
    method,
    ...(body !== undefined && {
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
    ...init,
  });
  const text = await response.text();
  expect(response.headers.get('content-type'), text).toBe('application/json; charset=utf-8');
  return { status: response.status, headers: response.headers, body: JSON.parse(text) };
}

/** Opens the function's own DuckDB file, which it must have given back. */
async function look<T>(use: (warehouse: Warehouse) => Promise<T>): Promise<T> {
  const warehouse = await openWarehouse(tides.pipeline.warehouse, { root: tides.folder });
  try {
    return await use(warehouse);
  } finally {
    await warehouse.close();
  }
}

describe('a function', () => {
  it('is up without touching the warehouse', async () => {
    const { status, body } = await call('GET /health');
    expect([status, body]).toEqual([200, { status: 'ok', source: 'tide-gauge' }]);
  });

  it('loads the last seven days at first, and what is new after that', async () => {
    const first = await call('POST /extract', {});
    expect([first.status, first.body.run.status, first.body.run.trigger]).toEqual([200, 'succeeded', 'http']);
    expect(first.body.tables).toEqual([
      expect.objectContaining({ table: 'tides.levels', rowsRead: 14, inserted: 14, quarantined: 0 }),
      expect.objectContaining({ table: 'tides.stations', rowsRead: 2, inserted: 2 }),
    ]);
    const second = await call('POST /extract');
    expect([second.status, second.body.tables[0].inserted]).toEqual([200, 0]);
    const sql = `select min(day)::varchar, max(day)::varchar, count(*), max(reading_id) > 9007199254740900 from tides.levels`;
    const { rows } = await look((warehouse) => warehouse.query(sql));
    expect(rows).toEqual([[addDays(day, -7), addDays(day, -1), 14, true]]);
  });

  it('loads the days that are named, in the write mode that is named', async () => {
    const window = { start_date: addDays(day, -20), end_date: addDays(day, -18) };
    const { status, body } = await call('POST /extract', { group: 'north', ...window, write_mode: 'merge' });
    expect([status, body.run.lane, body.run.rowsLoaded]).toEqual([200, 'backfill', 6]);
  });

  it('loads months by the query alone', async () => {
    const { status, body } = await call('POST /backfill?months=2&write_mode=replaceWindow&group=north');
    expect([status, body.run.lane]).toEqual([200, 'backfill']);
    const { rows } = await look((warehouse) =>
      warehouse.query(`select min(day)::varchar, max(day)::varchar from tides.levels`),
    );
    expect(rows).toEqual([[subtractMonths(day, 2), addDays(day, -1)]]);
  });

  it('knows the clock by its header', async () => {
    const { body } = await call('POST /extract', undefined, { headers: { 'x-cloudscheduler': 'true' } });
    expect(body.run.trigger).toBe('schedule');
  });

  it('takes JSON whatever type its caller says it is', async () => {
    const { status, body } = await call('POST /extract', undefined, {
      body: '{"group":"south"}',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([status, body.error.field]).toEqual([400, 'group']);
  });

  it('tells runs, cursors and what is owed', async () => {
    const { status, body } = await call('GET /status');
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

describe('a request that is wrong', () => {
  const future = addDays(day, 2);

  it.each<[string, unknown, number, Record<string, unknown>]>([
    ['POST /extract', { group: 'south' }, 400, { field: 'group', allowed: ['north'] }],
    [
      'POST /extract',
      { from: '2026-01-01' },
      400,
      {
        field: 'from',
        allowed: ['group', 'start_date', 'end_date', 'write_mode', 'resume', 'resnapshot', 'table'],
      },
    ],
    ['POST /extract', { start_date: '2026-01-01' }, 400, { field: 'end_date', allowed: 'YYYY-MM-DD' }],
    [
      'POST /extract',
      { start_date: '1.1.2026', end_date: '2026-01-02' },
      400,
      { field: 'start_date', allowed: 'YYYY-MM-DD' },
    ],
    [
      'POST /extract',
      { start_date: '2026-01-02', end_date: '2026-01-01' },
      400,
      { field: 'start_date', allowed: 'days up to 2026-01-01' },
    ],
    [
      'POST /extract',
      { start_date: '2026-01-02', end_date: future },
      400,
      { field: 'end_date', allowed: `days up to ${day}` },
    ],
    ['POST /extract', { write_mode: 'replace' }, 400, { field: 'write_mode', allowed: ['append', 'merge'] }],
    ['POST /extract?group=north', { group: 'north' }, 400, { field: 'group' }],
    ['POST /backfill', undefined, 400, { field: 'months', allowed: 'whole numbers from 1 to 60' }],
    ['POST /backfill?months=61', undefined, 400, { field: 'months', allowed: 'whole numbers from 1 to 60' }],
    [
      'POST /backfill?months=1&start_date=2026-01-01',
      undefined,
      400,
      { field: 'start_date', allowed: ['group', 'months', 'write_mode'] },
    ],
    ['POST /extract', '{"group": north}', 400, { allowed: 'a JSON object, or nothing' }],
    ['POST /extract', '[1]', 400, { allowed: 'a JSON object, or nothing' }],
    [
      'POST /extract',
      `{"group":"${'x'.repeat(70_000)}"}`,
      413,
      { code: 'too-large', allowed: 'up to 65536 bytes' },
    ],
    ['GET /status?group=north', undefined, 400, { field: 'group', allowed: 'no fields' }],
    [
      'GET /nowhere',
      undefined,
      404,
      { allowed: ['GET /health', 'GET /status', 'POST /extract', 'POST /backfill'] },
    ],
    ['GET /extract', undefined, 405, { allowed: ['POST /extract'] }],
  ])('%s %j is answered %i', async (route, body, status, error) => {
    const reply = await call(route, body);
    expect(reply.status, JSON.stringify(reply.body)).toBe(status);
    expect(reply.body).toEqual({
      error: { code: 'bad-input', message: expect.any(String), retryable: false, ...error },
    });
  });

  it('names the method that a route takes', async () => {
    expect((await call('DELETE /backfill')).headers.get('allow')).toBe('POST');
  });
});

describe('a run that cannot be done', () => {
  it('is 409 while another one is at work, and one of two triggers loads', async () => {
    vendor.mood = 'holding';
    const first = call('POST /extract');
    await vendor.held();
    const second = await call('POST /extract');
    expect([second.status, second.headers.get('retry-after')]).toEqual([409, '60']);
    expect(second.body.error).toMatchObject({ code: 'already-running', retryable: true });
    expect((await call('GET /status')).body.groups[0].lastRuns[0].status).toBe('running');
    vendor.release();
    expect((await first).status).toBe(200);
  });

  it('is 500 when slices failed, names them, and the next run takes them first', async () => {
    vendor.mood = 'half-broken';
    const window = { start_date: addDays(day, -100), end_date: addDays(day, -100) };
    const partial = await call('POST /extract', window);
    const slice = expect.stringMatching(/^levels\/b\//);
    expect([partial.status, partial.body.run.status]).toEqual([500, 'partial']);
    expect(partial.body.failures).toEqual([{ sliceId: slice, error: expect.stringContaining('400') }]);
    expect(partial.body.error).toMatchObject({ code: 'partial', retryable: true });
    expect(partial.body.error.message).toContain(partial.body.failures[0].sliceId);
    const { body } = await call('GET /status');
    expect(body.groups[0].owed).toEqual([expect.objectContaining({ lane: 'backfill', sliceId: slice })]);
    vendor.mood = 'well';
    expect((await call('POST /extract', window)).status).toBe(200);
    expect((await call('GET /status')).body.groups[0].owed).toEqual([]);
  });

  it('is 503 when the file is open in another process', async () => {
    const reply = await look(() => call('POST /extract'));
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '60']);
    expect(reply.body.error).toMatchObject({ code: 'warehouse-locked', retryable: true });
  });

  it('is 500 when the token is wrong, and shows none of it', async () => {
    writeFileSync(join(tides.folder, 'secrets', 'tides-north'), '{"token":"wrong-token-9d1e"}');
    const reply = await call('POST /extract');
    writeFileSync(join(tides.folder, 'secrets', 'tides-north'), JSON.stringify({ token: vendor.token }));
    expect([reply.status, reply.body.error.retryable]).toEqual([500, false]);
    expect(reply.body.error.message).toContain('401');
    expect(JSON.stringify(reply.body) + started.output()).not.toContain('wrong-token-9d1e');
    expect((await call('POST /extract')).status).toBe(200);
  });

  it('ends when its caller hangs up, and the next one goes on', async () => {
    vendor.mood = 'holding';
    const window = { start_date: addDays(day, -200), end_date: addDays(day, -200) };
    const hangUp = new AbortController();
    const gone = call('POST /extract', window, { signal: hangUp.signal }).catch((error: Error) => error.name);
    await vendor.held();
    hangUp.abort();
    expect(await gone).toBe('AbortError');
    await expect
      .poll(async () => (await call('GET /status')).body.groups[0].lastRuns[0].status, { timeout: 20_000 })
      .toBe('failed');
    vendor.release();
    expect((await call('POST /extract', window)).status).toBe(200);
  });

  it('is 503 with the time to come back when the vendor wants a long wait', async () => {
    vendor.mood = 'out-of-quota';
    const reply = await call('POST /extract');
    vendor.mood = 'well';
    expect([reply.status, reply.body.run.status]).toEqual([503, 'deferred']);
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(3500);
    const early = await call('POST /extract');
    expect([early.status, early.body.error.code]).toEqual([503, 'deferred']);
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(3500);
  });
});

describe('the log', () => {
  it('has one line of JSON per step, with the severity that alerts go by', () => {
    const lines = started
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
    expect(started.output()).toMatch(/"severity":"WARNING",.*"code":"already-running"/);
    expect(started.output()).not.toContain(vendor.token);
  });
});

describe('the process', () => {
  it('ends at once with a clear word when its port is taken', async () => {
    const port = Number(new URL(started.url).port);
    const second = await startFunction(tides.bundle.dir, tides.env, port);
    expect(await second.ended()).toEqual({ code: 1, signal: null });
    expect(second.output()).toContain(`EADDRINUSE: address already in use :::${port}`);
  });
});

import { describe, expect, it } from 'vitest';
import { useTideFunction } from '../../../tests/fixtures/use-tide-function.ts';
import { addDays, today } from '../run/days.ts';

const day = today(new Date(), 'UTC');
const gauge = useTideFunction();

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
    const reply = await gauge.call(route, body);
    expect(reply.status, JSON.stringify(reply.body)).toBe(status);
    expect(reply.body).toEqual({
      error: { code: 'bad-input', message: expect.any(String), retryable: false, ...error },
    });
  });

  it('names the method that a route takes', async () => {
    expect((await gauge.call('DELETE /backfill')).headers.get('allow')).toBe('POST');
  });
});

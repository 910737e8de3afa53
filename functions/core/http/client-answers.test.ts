import { afterEach, describe, expect, it } from 'vitest';
import { answer, closeServer, failure, fine, lastServer, open, refusal } from './client-fixture.ts';

afterEach(closeServer);

describe('errors inside HTTP 200', () => {
  it('takes every code that means success', async () => {
    const { http } = await open([refusal(20001, 'partial')], { answer });
    expect(await http.get('x')).toEqual({ code: 20001, message: 'partial', request_id: 'R1' });
  });

  const ends: [unknown, string, string, string][] = [
    [
      40067,
      'fatal',
      'too-large',
      'code 40067 (the query is too large, request id R1): got "no"; ask for fewer days or fewer fields',
    ],
    [
      40105,
      'fatal',
      'auth',
      'code 40105 (the access token is wrong, request id R1): got "no"; put a valid value into the field "access_token" of the group\'s secret, and check what it may access',
    ],
    [40002, 'fatal', 'vendor', 'code 40002 (a parameter is wrong, request id R1): got "no"'],
    ['40002', 'fatal', 'vendor', 'code 40002 (a parameter is wrong, request id R1): got "no"'],
    [
      49999,
      'fatal',
      'vendor',
      'code 49999 (a code that no rule of the source names, request id R1): got "no"',
    ],
  ];
  it.each(ends)('stops at once on code %s', async (code, kind, errorCode, text) => {
    const { http } = await open([refusal(code)], { answer });
    expect(await failure(http.get('x'))).toMatchObject({
      message: `[p/g] GET x was refused with ${text}`,
      kind,
      code: errorCode,
    });
    expect(lastServer().received.length).toBe(1);
  });

  it('sends again on a code in a range, and lets the first rule win', async () => {
    const { http, stats } = await open([refusal(51001), refusal(60001), fine], { answer });
    expect(await http.get('x')).toEqual(fine.body);
    expect(stats).toMatchObject({ retries: 2, waitedMs: 250 + 20_000 });
  });

  it('ends the run deferred at once when the wait is long', async () => {
    const { http } = await open([refusal(61000, 'blocked')], { answer });
    expect(await failure(http.get('x'))).toMatchObject({
      message:
        '[p/g] GET x was refused with code 61000 (the app is blocked, request id R1): got "blocked"; the vendor asks to wait, so the run goes on at 2026-11-20T07:00:00.000Z',
      kind: 'retryable',
      code: 'deferred',
      resumeAt: new Date('2026-11-20T07:00:00Z'),
    });
    expect(lastServer().received.length).toBe(1);
  });

  it('ends the run deferred when it is rate limited for ever', async () => {
    const { http, waits } = await open([refusal(40100, 'slow down')], { answer });
    const error = await failure(http.get('x'));
    expect(error.message).toContain(
      'code 40100 (too many requests, request id R1), after 6 attempts: got "slow down"',
    );
    expect(error.code).toBe('deferred');
    expect(waits).toEqual([250, 500, 1000, 2000, 4000]);
  });

  it('looks for a known code behind other statuses too', async () => {
    const { http } = await open([{ status: 400, ...refusal(40105) }], { answer });
    expect((await failure(http.get('x'))).code).toBe('auth');
    const other = await open([{ status: 400, ...refusal(1) }], { answer });
    expect((await failure(other.http.get('x'))).message).toContain('HTTP 400: got "{\\"code\\":1');
  });

  it('does not take an answer without a code for success', async () => {
    for (const body of [{ data: [] }, [], { code: 'OK', data: [] }]) {
      const { http } = await open([{ body }], { answer, retry: { limit: 0 } });
      expect((await failure(http.get('x'))).message).toMatch(
        /^\[p\/g\] GET x was answered without the number "code" that says whether it worked: got "(data||code, data)"; run it again later$/,
      );
    }
  });
});

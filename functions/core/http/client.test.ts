import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { CatchmentError } from '../errors.ts';
import { createRedactor } from '../secrets.ts';
import { createHttp } from './client.ts';
import type { AnswerPolicy, HttpPolicy } from './policy.ts';
import type { ScriptedServer, Step } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

const token = 'tok/en+1234567890=';
const answer: AnswerPolicy = {
  codeField: 'code',
  messageField: 'message',
  requestIdField: 'request_id',
  ok: [0, 20001],
  rules: [
    { codes: [40100], action: 'retry', waitSeconds: 300, means: 'too many requests' },
    { codes: [40067], action: 'split', means: 'the query is too large' },
    { codes: [40105], action: 'auth', means: 'the access token is wrong' },
    { codes: [40002], action: 'fatal', means: 'a parameter is wrong' },
    { codes: [[51000, 51099]], action: 'retry', means: 'an error of the service' },
    { codes: [60001], action: 'wait', waitSeconds: 20, means: 'maintenance' },
    { codes: [61000], action: 'wait', waitSeconds: 3600, means: 'the app is blocked' },
    { codes: [51001], action: 'fatal', means: 'never reached: an earlier rule names it' },
  ],
};
const refusal = (code: unknown, message = 'no') => ({ body: { code, message, request_id: 'R1' } });
const fine = { body: { code: 0, message: 'OK', data: [1] } };

let server: ScriptedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe('http client', () => {
  it('sends path, query, secret and JSON body, and gives back the JSON value', async () => {
    const { http, stats } = await open([{ body: '{"id": 7300000000000000123, "n": 1}' }]);
    expect(
      await http.get('report/get/', { query: { page: 1, list: '["a"]' }, headers: { 'X-A': 'b' } }),
    ).toEqual({
      id: 7300000000000000123n,
      n: 1,
    });
    await http.post('task/', { id: 7300000000000000123n });
    expect(server?.received.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', '/report/get/?page=1&list=%5B%22a%22%5D', ''],
      ['POST', '/task/', '{"id":7300000000000000123}'],
    ]);
    expect(server?.received[0]?.headers).toMatchObject({
      'access-token': token,
      'x-a': 'b',
      'user-agent': 'catchment',
    });
    expect(server?.received[1]?.headers['content-type']).toBe('application/json');
    expect(stats).toEqual({ calls: 2, retries: 0, bytes: 70, waitedMs: 0 });
  });

  it('does not let a call replace the secret', async () => {
    const { http } = await open([fine]);
    await http.get('x', { headers: { 'Access-Token': 'other' } });
    expect(server?.received[0]?.headers['access-token']).toBe(token);
  });

  it('unpacks gzip', async () => {
    const { http } = await open([{ headers: { 'content-encoding': 'gzip' }, body: gzipSync('{"a":1}') }]);
    expect(await http.get('x')).toEqual({ a: 1 });
  });

  it('takes an answer without a body only as HTTP 204', async () => {
    const { http } = await open([{ status: 204, body: '' }]);
    expect(await http.get('x')).toBe(null);
  });

  it('sends again after a status that passes, and counts what it cost', async () => {
    const { http, stats, waits, logged } = await open([
      { status: 500 },
      { status: 429, headers: { 'retry-after': '3' } },
      fine,
    ]);
    expect(await http.get('x')).toEqual(fine.body);
    expect(waits).toEqual([250, 3000]);
    expect(stats).toMatchObject({ calls: 3, retries: 2, waitedMs: 3250 });
    expect(logged.map(({ attempt, wait_ms }) => [attempt, wait_ms])).toEqual([
      [1, 250],
      [2, 3000],
    ]);
  });

  it('gives up after the last attempt with the status and what the body said', async () => {
    const { http } = await open([{ status: 503, body: 'upstream\n  is   down' }], { retry: { limit: 2 } });
    expect(await failure(http.get('x?a=1'))).toMatchObject({
      message:
        '[p/g] GET x was answered with HTTP 503, after 3 attempts: got "upstream is down"; run it again later',
      kind: 'retryable',
      code: 'vendor',
    });
    expect(server?.received.length).toBe(3);
  });

  it.each([401, 403])('stops on HTTP %i and names the field of the secret', async (status) => {
    const { http } = await open([{ status, body: 'denied' }]);
    expect(await failure(http.get('x'))).toMatchObject({
      message: `[p/g] GET x was answered with HTTP ${status}: got "denied"; put a valid value into the field "access_token" of the group's secret, and check what it may access`,
      kind: 'fatal',
      code: 'auth',
    });
    expect(server?.received.length).toBe(1);
  });

  it('shows a plain text that came instead of JSON', async () => {
    const { http } = await open([{ status: 404, body: '404 page not found' }]);
    expect(await failure(http.get('report/get'))).toMatchObject({
      message:
        '[p/g] GET report/get was answered with HTTP 404: got "404 page not found"; check the path, also the slash at its end',
      kind: 'fatal',
      code: 'vendor',
    });
    const gateway = await open([{ body: '<html>Bad gateway</html>' }], { retry: { limit: 1 } });
    expect(await failure(gateway.http.get('x'))).toMatchObject({
      message:
        '[p/g] GET x was answered with HTTP 200 and a text that is not JSON, after 2 attempts: got "<html>Bad gateway</html>"; run it again later',
      kind: 'retryable',
      code: 'vendor',
    });
  });

  const damages: [string, Step][] = [
    ['a connection that is reset', (_, response) => response.destroy()],
    [
      'a body that ends early',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"a":', () => response.destroy());
      },
    ],
    [
      'gzip that ends early',
      { headers: { 'content-encoding': 'gzip' }, body: gzipSync('{"a":1}'.repeat(99)).subarray(0, 20) },
    ],
    ['JSON that ends early', { body: '{"a": [1, 2' }],
    ['an empty body', { body: '' }],
    ['text that is not UTF-8', { body: Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }],
  ];
  it.each(damages)('sends again after %s', async (_, damage) => {
    const { http, stats } = await open([damage, fine]);
    expect(await http.get('x')).toEqual(fine.body);
    expect(stats.retries).toBe(1);
  });

  it.each(damages)('ends with a network error after %s every time', async (_, damage) => {
    const { http } = await open([damage], { retry: { limit: 1 } });
    const error = await failure(http.get('x'));
    expect([error.kind, error.code]).toEqual(['retryable', 'network']);
    expect(error.message).toMatch(/^\[p\/g\] .*GET x.*, after 2 attempts: got ".+"; .*run it again/);
    expect(server?.received.length).toBe(2);
  });

  it('says what the network said when nobody answers', async () => {
    const { http } = await open([fine], { retry: { limit: 0 } });
    await server?.close();
    expect((await failure(http.get('x'))).message).toMatch(
      /^\[p\/g\] GET x got no whole answer: got ".*ECONNREFUSED.*"; check the network and the vendor’s status page, then run it again$/,
    );
  });

  it('gives up waiting for an answer that does not end', async () => {
    const { http } = await open(
      [
        (_, response) => {
          response.writeHead(200);
          response.write('{');
        },
      ],
      { retry: { limit: 0 }, timeoutMs: 30 },
    );
    expect((await failure(http.get('x'))).message).toMatch(/got no whole answer: got ".*30 ?ms.*ETIMEDOUT/);
  });

  it('keeps to the rate limits and counts the waits', async () => {
    const { http, stats, waits } = await open([fine], {
      limits: [{ scope: 'account+path', max: 2, perSeconds: 10 }],
    });
    for (const account of ['a', 'a', 'b', 'a']) await http.get('x', { account });
    expect(waits).toEqual([10_000]);
    expect(stats.waitedMs).toBe(10_000);
  });
});

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
    expect(server?.received.length).toBe(1);
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
    expect(server?.received.length).toBe(1);
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

describe('reach', () => {
  it('does not follow redirects, and names a host that is not allowed', async () => {
    const away = await open([{ status: 302, headers: { location: 'https://evil.com/x?t=1' } }]);
    expect(await failure(away.http.get('x'))).toMatchObject({ code: 'host-not-allowed', kind: 'fatal' });
    const near = await open([{ status: 301, headers: { location: '/new/?t=1' } }]);
    expect((await failure(near.http.get('x'))).message).toMatch(
      /^\[p\/g\] GET x was redirected \(HTTP 301\), which is not followed: got "http:\/\/127\.0\.0\.1:\d+\/new\/"; use the new address in source\.ts$/,
    );
    expect(server?.received.length).toBe(1);
  });

  it('sends nothing to a host that is not allowed', async () => {
    const { http, stats } = await open([fine]);
    expect(await failure(http.get('https://evil.com/'))).toMatchObject({ code: 'host-not-allowed' });
    expect(stats.calls).toBe(0);
  });
});

describe('stopping', () => {
  it('ends a call, a wait and every later call with one clear error', async () => {
    const stop = new AbortController();
    const hanging = await open([() => stop.abort()], {}, stop.signal);
    const stopped = {
      message: '[p/g] the run was stopped; run it again',
      kind: 'retryable',
      code: 'cancelled',
    };
    expect(await failure(hanging.http.get('x'))).toMatchObject(stopped);
    expect(await failure(hanging.http.get('x'))).toMatchObject(stopped);
    expect(server?.received.length).toBe(1);
  });
});

interface Opened extends ReturnType<typeof createHttp> {
  readonly waits: number[];
  readonly logged: Readonly<Record<string, unknown>>[];
}

/** A client before a scripted server; its clock moves only while it waits, and its dice always show one half. */
async function open(
  steps: readonly Step[],
  policy: Partial<HttpPolicy> = {},
  signal = new AbortController().signal,
): Promise<Opened> {
  await server?.close();
  server = await startScriptedServer(steps);
  let clock = Date.parse('2026-11-20T06:00:00Z');
  const waits: number[] = [];
  const logged: Readonly<Record<string, unknown>>[] = [];
  const note = (fields: Readonly<Record<string, unknown>>) => void logged.push(fields);
  const client = createHttp({
    policy: {
      baseUrl: 'https://api.vendor.com/',
      auth: { header: 'Access-Token', secret: 'access_token' },
      ...policy,
    },
    hosts: ['api.vendor.com'],
    baseUrl: server.baseUrl,
    secret: { access_token: token },
    redactor: createRedactor([token]),
    where: 'p/g',
    signal,
    now: () => new Date(clock),
    sleep: async (ms) => {
      waits.push(ms);
      clock += ms;
    },
    random: () => 0.5,
    log: { debug: note, info: note, warn: note },
  });
  return { ...client, waits, logged };
}

async function failure(call: Promise<unknown>): Promise<CatchmentError> {
  return call.then(
    (value) => expect.fail(`the call succeeded with ${JSON.stringify(value)}`),
    (error) => error,
  );
}

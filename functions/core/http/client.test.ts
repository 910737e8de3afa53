import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { closeServer, failure, fine, lastServer, open, token } from './client-fixture.ts';
import type { Step } from './scripted-server.ts';

afterEach(closeServer);

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
    expect(lastServer().received.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', '/report/get/?page=1&list=%5B%22a%22%5D', ''],
      ['POST', '/task/', '{"id":7300000000000000123}'],
    ]);
    expect(lastServer().received[0]?.headers).toMatchObject({
      'access-token': token,
      'x-a': 'b',
      'user-agent': 'catchment',
    });
    expect(lastServer().received[1]?.headers['content-type']).toBe('application/json');
    expect(stats).toEqual({ calls: 2, retries: 0, bytes: 70, waitedMs: 0 });
  });

  it('does not let a call replace the secret', async () => {
    const { http } = await open([fine]);
    await http.get('x', { headers: { 'Access-Token': 'other' } });
    expect(lastServer().received[0]?.headers['access-token']).toBe(token);
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
    expect(lastServer().received.length).toBe(3);
  });

  it.each([401, 403])('stops on HTTP %i and names the field of the secret', async (status) => {
    const { http } = await open([{ status, body: 'denied' }]);
    expect(await failure(http.get('x'))).toMatchObject({
      message: `[p/g] GET x was answered with HTTP ${status}: got "denied"; put a valid value into the field "access_token" of the group's secret, and check what it may access`,
      kind: 'fatal',
      code: 'auth',
    });
    expect(lastServer().received.length).toBe(1);
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
    expect(lastServer().received.length).toBe(2);
  });

  it('says what the network said when nobody answers', async () => {
    const { http } = await open([fine], { retry: { limit: 0 } });
    await lastServer().close();
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

describe('reach', () => {
  it('does not follow redirects, and names a host that is not allowed', async () => {
    const away = await open([{ status: 302, headers: { location: 'https://evil.com/x?t=1' } }]);
    expect(await failure(away.http.get('x'))).toMatchObject({ code: 'host-not-allowed', kind: 'fatal' });
    const near = await open([{ status: 301, headers: { location: '/new/?t=1' } }]);
    expect((await failure(near.http.get('x'))).message).toMatch(
      /^\[p\/g\] GET x was redirected \(HTTP 301\), which is not followed: got "http:\/\/127\.0\.0\.1:\d+\/new\/"; use the new address in source\.ts$/,
    );
    expect(lastServer().received.length).toBe(1);
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
    expect(lastServer().received.length).toBe(1);
  });
});

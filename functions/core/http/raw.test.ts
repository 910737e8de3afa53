import { afterEach, describe, expect, it } from 'vitest';
import { fatal } from '../errors.ts';
import { closeServer, failure, lastServer, open } from './client-fixture.ts';
import { resolveUrl, settleHosts } from './hosts.ts';

afterEach(closeServer);

const bytesOf = async (chunks: AsyncIterable<Uint8Array>) =>
  Buffer.concat(await Array.fromAsync(chunks)).toString();

describe('http.send', () => {
  it('gives the answer as it came: status, headers, bytes that stay packed', async () => {
    const { http } = await open([{ headers: { 'content-encoding': 'gzip', etag: '"x"' }, body: 'not gzip' }]);
    const { status, headers, bytes } = await http.send({ method: 'GET', url: 'x' });
    expect([status, headers.etag, Buffer.from(bytes).toString()]).toEqual([200, '"x"', 'not gzip']);
  });

  it('signs each attempt anew, after its wait', async () => {
    const { http } = await open([{ status: 503, headers: { 'retry-after': '5' } }, {}]);
    await http.send({
      method: 'GET',
      url: 'x?prefix=a b',
      sign: async ({ url }, now) => ({ signature: `${now.toISOString()} ${url.search}` }),
    });
    expect(lastServer().received.map(({ headers }) => headers.signature)).toEqual([
      '2026-11-20T06:00:00.000Z ?prefix=a%20b',
      '2026-11-20T06:00:05.000Z ?prefix=a%20b',
    ]);
  });

  it('hands over statuses that are expected, and lets the caller word the others', async () => {
    const { http } = await open([{ status: 404 }]);
    expect((await http.send({ method: 'GET', url: 'x', expect: [404] })).status).toBe(404);
    const refused = http.send({
      method: 'GET',
      url: 'x',
      refuse: ({ status }) => fatal('bad-input', { what: `not there (${status})` }),
    });
    expect((await failure(refused)).message).toBe('not there (404)');
    expect((await failure(http.send({ method: 'GET', url: 'x' }))).message).toContain(
      '[p/g] GET x was answered with HTTP 404',
    );
  });

  it('asks for a token once, and once more when it is no longer taken', async () => {
    const tokens = ['one', 'two'];
    const { http } = await open([
      ({ url, headers }, response) => {
        const isToken = url.includes('computeMetadata');
        const isTaken = headers.authorization === 'Bearer two';
        response.writeHead(isToken || isTaken ? 200 : 401);
        response.end(isToken ? JSON.stringify({ access_token: tokens.shift(), expires_in: 3600 }) : 'body');
      },
    ]);
    for (let count = 0; count < 2; count += 1)
      expect((await http.send({ method: 'GET', url: 'x', auth: 'google' })).status).toBe(200);
    expect(lastServer().received.map(({ url }) => url.slice(0, 9))).toEqual([
      '/computeM',
      '/x',
      '/computeM',
      '/x',
      '/x',
    ]);
  });
});

describe('http.stream', () => {
  const content = 'abcdefghij';
  const serve = (cuts: readonly number[]) => {
    let count = 0;
    return [
      (
        { headers }: { readonly headers: Readonly<Record<string, unknown>> },
        response: import('node:http').ServerResponse,
      ) => {
        const [, from = '0', to = ''] = /bytes=(\d+)-(\d+)/.exec(String(headers.range)) ?? [];
        const part = content.slice(Number(from), Number(to) + 1);
        response.writeHead(206, { 'content-length': part.length });
        const cut = cuts[count];
        count += 1;
        if (cut === undefined) response.end(part);
        else response.write(part.slice(0, cut), () => response.destroy());
      },
    ];
  };

  it('goes on behind the last byte that came', async () => {
    const { http } = await open(serve([3, 4]));
    expect(await bytesOf(http.stream({ method: 'GET', url: 'x' }, { from: 1, to: 9 }))).toBe('bcdefghij');
    expect(lastServer().received.map(({ headers }) => headers.range)).toEqual([
      'bytes=1-9',
      'bytes=4-9',
      'bytes=8-9',
    ]);
  });

  it('gives up when nothing more comes, and says where', async () => {
    const { http } = await open(serve([3, 0, 0, 0, 0, 0, 0, 0]), { retry: { limit: 2 } });
    const error = await failure(bytesOf(http.stream({ method: 'GET', url: 'x' }, { from: 0, to: 9 })));
    expect(error.message).toContain('[p/g] GET x breaks off at byte 3 of 10, again and again');
    expect(error.kind).toBe('retryable');
  });

  it('takes no more than it asked for from a server that knows no ranges, and refuses it in the middle', async () => {
    const { http } = await open([{ body: content }]);
    expect(await bytesOf(http.stream({ method: 'GET', url: 'x' }, { from: 0, to: 3 }))).toBe('abcd');
    const late = await failure(bytesOf(http.stream({ method: 'GET', url: 'x' }, { from: 2, to: 3 })));
    expect(late.facts.got).toBe('the server does not give ranges');
  });
});

describe('hosts of a group', () => {
  it('come from its settings, and fall away where there is none', () => {
    const declared = ['a.com', '*.s3.{region}.amazonaws.com', '{endpoint}'];
    expect(settleHosts(declared, { region: 'eu-west-1', endpoint: 'http://127.0.0.1:9000/x' })).toEqual([
      'a.com',
      '*.s3.eu-west-1.amazonaws.com',
      '127.0.0.1:9000',
    ]);
    expect(settleHosts(declared, {})).toEqual(['a.com']);
  });

  it('with a star are all names below it, and not the name itself', () => {
    const reach = {
      baseUrl: new URL('https://a.com/'),
      isOverride: false,
      hosts: ['*.s3.eu-west-1.amazonaws.com'],
    };
    const to = (url: string) => () => resolveUrl(url, undefined, reach, 'p/g').host;
    expect(to('https://b.s3.eu-west-1.amazonaws.com/x')()).toBe('b.s3.eu-west-1.amazonaws.com');
    expect(to('https://s3.eu-west-1.amazonaws.com/x')).toThrow('may not talk to this host');
    expect(to('https://evils3.eu-west-1.amazonaws.com/x')).toThrow('may not talk to this host');
  });
});

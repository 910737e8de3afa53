import { describe, expect, it } from 'vitest';
import { normalizePolicy } from './normalize.ts';
import type { HttpPolicy } from './policy.ts';

const policy: HttpPolicy = { baseUrl: 'https://api.vendor.com/v1/' };

describe('normalizePolicy', () => {
  it('fills in every default, once and for good', () => {
    const normal = normalize(policy);
    expect(normal).toEqual({
      baseUrl: new URL('https://api.vendor.com/v1/'),
      isOverride: false,
      hosts: ['api.vendor.com'],
      auth: undefined,
      timeoutMs: 60_000,
      retry: {
        limit: 5,
        baseMs: 500,
        ceilingMs: 30_000,
        maxWaitMs: 60_000,
        statuses: [408, 425, 429, 500, 502, 503, 504],
        waitHeader: 'retry-after',
      },
      answer: undefined,
      limits: [],
    });
    expect(Object.isFrozen(normal) && Object.isFrozen(normal.retry)).toBe(true);
  });

  it('keeps what the policy says beside the defaults', () => {
    expect(normalize({ ...policy, timeoutMs: 5, retry: { limit: 0 } })).toMatchObject({
      timeoutMs: 5,
      retry: { limit: 0, baseMs: 500 },
    });
  });

  it('makes the header that carries the secret', () => {
    const auth = { header: 'Authorization', secret: 'token', prefix: 'Bearer ' };
    expect(normalize({ ...policy, auth }, { token: 'abc' }).auth).toEqual({
      header: 'authorization',
      field: 'token',
      value: 'Bearer abc',
    });
  });

  it('takes an override of the base URL, with or without the slash', () => {
    expect(normalize(policy, {}, 'http://127.0.0.1:1/x')).toMatchObject({
      baseUrl: new URL('http://127.0.0.1:1/x/'),
      isOverride: true,
    });
  });

  it('refuses a base that is no URL', () => {
    expect(() => normalize({ baseUrl: 'vendor' })).toThrow(
      '[p/g] the base URL is no URL: got "vendor"; allowed: https://host/path/',
    );
  });

  it('refuses a secret that cannot be sent, without showing it', () => {
    const auth = { header: 'Access-Token', secret: 'token' };
    const send = (token: unknown) => () => normalize({ ...policy, auth }, { token });
    for (const token of [undefined, '', 7])
      expect(send(token)).toThrow(
        '[p/g] the secret has no text in the field "token", which goes into the header Access-Token; store the secret again',
      );
    for (const token of ['hunter2\n', ' hunter2', 'hun\r\nter2', 'hünter2'])
      expect(send(token)).toThrow(
        /^\[p\/g\] the secret's field "token" cannot be sent in a header: it holds line breaks, spaces at an end, or characters that are not ASCII; store the secret again, without the line break at its end$/,
      );
  });
});

function normalize(policy: HttpPolicy, secret: Record<string, unknown> = {}, baseUrl?: string) {
  return normalizePolicy({ policy, hosts: ['api.vendor.com'], baseUrl, secret, where: 'p/g' });
}

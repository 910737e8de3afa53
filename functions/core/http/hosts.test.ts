import { describe, expect, it } from 'vitest';
import { resolveUrl } from './hosts.ts';

const source = {
  baseUrl: new URL('https://api.vendor.com/v1/'),
  isOverride: false,
  hosts: ['api.vendor.com', 'cdn.vendor.com'],
};
const sandbox = { ...source, baseUrl: new URL('http://127.0.0.1:8080/'), isOverride: true };

describe('resolveUrl', () => {
  it('puts path and query behind the base, and leaves undefined parameters out', () => {
    const url = resolveUrl(
      'report/get/',
      { page: 2, all: true, list: '["a b"]', none: undefined },
      source,
      'p/g',
    );
    expect(url.href).toBe('https://api.vendor.com/v1/report/get/?page=2&all=true&list=%5B%22a+b%22%5D');
  });

  it('takes a whole URL of a declared host, such as a next page', () => {
    expect(resolveUrl('https://cdn.vendor.com/x?after=1', { n: 1 }, source, 'p/g').href).toBe(
      'https://cdn.vendor.com/x?after=1&n=1',
    );
  });

  it('refuses other hosts, subdomains, other ports and tricks with the path', () => {
    for (const path of [
      'https://evil.com/',
      'https://api.vendor.com.evil.com/',
      'https://x.api.vendor.com/',
      'https://api.vendor.com:8443/',
      '//evil.com/',
      '\\\\evil.com\\x',
      'file:///etc/passwd',
    ])
      expect(() => resolveUrl(path, undefined, source, 'p/g'), path).toThrow(
        /^\[p\/g\] the source may not talk to this host: got "[^"]*"; allowed: api\.vendor\.com, cdn\.vendor\.com; name it in hosts in source\.ts/,
      );
  });

  it('refuses declared hosts without TLS', () => {
    expect(() => resolveUrl('http://api.vendor.com/', undefined, source, 'p/g')).toThrow(
      '[p/g] the source may not talk to api.vendor.com without TLS: got "http"; allowed: https (and http to a base URL on loopback)',
    );
  });

  it('refuses URLs that carry a password', () => {
    expect(() => resolveUrl('https://user:word@api.vendor.com/', undefined, source, 'p/g')).toThrow(
      '[p/g] a URL of api.vendor.com carries a user name or password; send it in a header, with auth in the http policy',
    );
  });

  it('talks to the override of the base URL and to nothing else, not even the vendor', () => {
    expect(resolveUrl('x', undefined, sandbox, 'p/g').href).toBe('http://127.0.0.1:8080/x');
    expect(() => resolveUrl('https://api.vendor.com/v1/x', undefined, sandbox, 'p/g')).toThrow(
      '[p/g] the source may not talk to this host: got "api.vendor.com"; allowed: 127.0.0.1:8080; this run has a base URL of its own',
    );
  });

  it('takes an override without TLS on loopback only', () => {
    const at = (base: string) => () =>
      resolveUrl('x', undefined, { ...sandbox, baseUrl: new URL(base) }, 'p/g').protocol;
    expect(at('http://localhost:1/')()).toBe('http:');
    expect(at('http://[::1]:1/')()).toBe('http:');
    expect(at('https://sandbox.vendor.com/')()).toBe('https:');
    expect(at('http://sandbox.vendor.com/')).toThrow('without TLS');
    expect(at('http://127.0.0.1.evil.com/')).toThrow('without TLS');
  });

  it('refuses a path that makes no URL', () => {
    expect(() => resolveUrl('https://[', undefined, source, 'p/g')).toThrow(
      '[p/g] the path makes no URL: got "https://["',
    );
  });
});

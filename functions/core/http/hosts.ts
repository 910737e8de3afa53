import { fatal } from '../errors.ts';
import type { Query } from './http.ts';
import type { NormalPolicy } from './normalize.ts';

type Reach = Pick<NormalPolicy, 'baseUrl' | 'isOverride' | 'hosts'>;

/**
 * The URL of a call, if the source may make it: https to a declared host, or anything below an override of the base URL.
 * Plain http is for loopback.
 *
 * @param path relative to the base URL, or a whole URL that a vendor handed out
 * @throws fatal `host-not-allowed`
 */
export function resolveUrl(path: string, query: Query | undefined, reach: Reach, where: string): URL {
  const url = URL.parse(path, reach.baseUrl.href);
  if (url === null) throw fatal('bad-input', { where, what: 'the path makes no URL', got: path });
  checkReach(url, reach, where);
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) url.searchParams.append(name, String(value));
  return url;
}

/**
 * The hosts of a declaration for one group: `{region}` becomes what its setting `region` says, of a URL its host. A host
 * whose setting is not set falls away.
 */
export function settleHosts(
  hosts: readonly string[],
  settings: Readonly<Record<string, unknown>>,
): readonly string[] {
  return hosts.flatMap((host) => {
    let isWhole = true;
    const settled = host.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = settings[name];
      if (typeof value === 'string' && value !== '') return URL.parse(value)?.host || value;
      isWhole = false;
      return '';
    });
    return isWhole ? [settled] : [];
  });
}

/** @throws fatal `host-not-allowed` */
export function checkReach(url: URL, { baseUrl, isOverride, hosts }: Reach, where: string): void {
  const allowed = isOverride ? [baseUrl.host] : hosts;
  if (!allowed.some((host) => isHost(url.host, host)))
    throw fatal('host-not-allowed', {
      where,
      what: 'the source may not talk to this host',
      got: url.host,
      allowed: allowed.length === 0 ? 'none' : allowed,
      todo: isOverride
        ? 'this run has a base URL of its own'
        : 'name it in hosts in source.ts, if it is the vendor’s',
    });
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    throw fatal('host-not-allowed', {
      where,
      what: `the source may not talk to ${url.host} without TLS`,
      got: url.protocol.slice(0, -1),
      allowed: 'https (and http to a base URL on loopback)',
    });
  if (url.username !== '' || url.password !== '')
    throw fatal('host-not-allowed', {
      where,
      what: `a URL of ${url.host} carries a user name or password`,
      todo: 'send it in a header, with auth in the http policy',
    });
}

/** `*.example.com` stands for every name below it. */
function isHost(host: string, allowed: string): boolean {
  return allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host);
}

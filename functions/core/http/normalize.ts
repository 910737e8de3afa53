import { fatal } from '../errors.ts';
import type { AnswerPolicy, HttpPolicy, RateLimit, RetryPolicy } from './policy.ts';

/** A policy with every default filled in, ready to be followed. */
export interface NormalPolicy {
  /** Ends with a slash. */
  readonly baseUrl: URL;
  /** True when `baseUrl` is an override: then it may be on loopback without TLS, and no other host is talked to. */
  readonly isOverride: boolean;
  readonly hosts: readonly string[];
  /** The header that carries the secret, ready to send. */
  readonly auth: { readonly header: string; readonly field: string; readonly value: string } | undefined;
  readonly timeoutMs: number;
  readonly retry: NormalRetry;
  readonly answer: AnswerPolicy | undefined;
  readonly limits: readonly RateLimit[];
}

export type NormalRetry = Required<RetryPolicy>;

export interface PolicyParts {
  readonly policy: HttpPolicy;
  readonly hosts: readonly string[];
  readonly baseUrl?: string | undefined;
  readonly secret: Readonly<Record<string, unknown>>;
  readonly where: string;
}

const defaultRetry: NormalRetry = Object.freeze({
  limit: 5,
  baseMs: 500,
  ceilingMs: 30_000,
  maxWaitMs: 60_000,
  statuses: Object.freeze([408, 425, 429, 500, 502, 503, 504]),
  waitHeader: 'retry-after',
});

/** @throws fatal `bad-input` for a base that is no URL, fatal `auth` when the secret cannot be sent */
export function normalizePolicy({ policy, hosts, baseUrl, secret, where }: PolicyParts): NormalPolicy {
  return Object.freeze({
    baseUrl: parseBase(baseUrl ?? policy.baseUrl, where),
    isOverride: baseUrl !== undefined,
    hosts,
    auth: normalizeAuth(policy.auth, secret, where),
    timeoutMs: policy.timeoutMs ?? 60_000,
    retry: Object.freeze({ ...defaultRetry, ...policy.retry }),
    answer: policy.answer,
    limits: policy.limits ?? [],
  });
}

function parseBase(text: string, where: string): URL {
  const url = URL.parse(text.endsWith('/') ? text : `${text}/`);
  if (url !== null) return url;
  throw fatal('bad-input', {
    where,
    what: 'the base URL is no URL',
    got: text,
    allowed: 'https://host/path/',
  });
}

function normalizeAuth(
  auth: HttpPolicy['auth'],
  secret: PolicyParts['secret'],
  where: string,
): NormalPolicy['auth'] {
  if (auth === undefined) return undefined;
  const field = auth.secret;
  const token = secret[field];
  if (typeof token !== 'string' || token === '')
    throw fatal('auth', {
      where,
      what: `the secret has no text in the field "${field}", which goes into the header ${auth.header}`,
      todo: 'store the secret again',
    });
  if (!/^[\t\x20-\x7e]*$/.test(token) || token !== token.trim())
    throw fatal('auth', {
      where,
      what: `the secret's field "${field}" cannot be sent in a header: it holds line breaks, spaces at an end, or characters that are not ASCII`,
      todo: 'store the secret again, without the line break at its end',
    });
  return { header: auth.header.toLowerCase(), field, value: `${auth.prefix ?? ''}${token}` };
}

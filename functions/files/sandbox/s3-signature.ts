import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { S3ServerOptions } from './s3-server.ts';
import type { Exchange } from './store-server.ts';

/** How far a request's clock may be from S3's. */
const skewMs = 15 * 60_000;

/**
 * Checks a request as S3 does: the signature is computed again from what arrived.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * @returns undefined when it is right
 */
export function checkSignature(
  { method, path, query, headers, body }: Exchange,
  { keys, region, now }: Pick<S3ServerOptions, 'keys' | 'region'> & { readonly now: Date },
): { readonly status: number; readonly code: string } | undefined {
  const header = (name: string) => String(headers[name] ?? '');
  const [, accessKeyId, day, scope, names = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/(\S+)\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([\da-f]{64})$/.exec(
      header('authorization'),
    ) ?? [];
  if (accessKeyId === undefined) return { status: 403, code: 'AccessDenied' };
  if (accessKeyId !== keys.accessKeyId) return { status: 403, code: 'InvalidAccessKeyId' };
  if (header('x-amz-security-token') !== (keys.sessionToken ?? ''))
    return { status: 400, code: 'InvalidToken' };
  if (scope !== `${region}/s3`) return { status: 400, code: 'AuthorizationHeaderMalformed' };

  const stamp = header('x-amz-date');
  const at = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (Number.isNaN(at) || stamp.slice(0, 8) !== day) return { status: 403, code: 'AccessDenied' };
  if (Math.abs(now.getTime() - at) > skewMs) return { status: 403, code: 'RequestTimeTooSkewed' };

  const signed = names.split(';');
  const needed = Object.keys(headers).filter((name) => name.startsWith('x-amz-'));
  if (!['host', 'x-amz-date', 'x-amz-content-sha256', ...needed].every((name) => signed.includes(name)))
    return { status: 403, code: 'AccessDenied' };
  const hash = header('x-amz-content-sha256');
  if (hash !== sha256(body)) return { status: 400, code: 'XAmzContentSHA256Mismatch' };

  const canonical = [
    method,
    path,
    [...query]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...signed.map((name) => `${name}:${header(name).trim().replaceAll(/ +/g, ' ')}`),
    '',
    names,
    hash,
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', stamp, `${day}/${scope}/aws4_request`, sha256(canonical)].join('\n');
  const secret = [day ?? '', region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (key, part) => createHmac('sha256', key).update(part).digest(),
    `AWS4${keys.secretAccessKey}`,
  );
  const expected = createHmac('sha256', secret).update(text).digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'))
    ? undefined
    : { status: 403, code: 'SignatureDoesNotMatch' };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

import { createCrc32c } from '../crc32c.ts';
import type { BucketObject } from './bucket.ts';
import type { Exchange, StoreServer, StoreServerOptions } from './store-server.ts';
import { startStoreServer } from './store-server.ts';

export interface GcsServerOptions extends StoreServerOptions {
  readonly name: string;
  /** What the metadata server hands out, and the store takes. */
  readonly token: () => string;
  /** What the service account may do. @default both */
  readonly allow?: { readonly list?: boolean; readonly read?: boolean };
  /** Other services of Google at the same address. */
  readonly more?: (exchange: Exchange) => boolean;
}

/**
 * A stand-in for Google Cloud Storage's JSON API and for the metadata server beside it: tokens are checked, lists come in
 * pages and with the fields that were asked for, reads honour `Range` and `ifGenerationMatch`, and an object that is
 * stored packed is unpacked for whoever does not ask for gzip.
 */
export function startGcsServer(options: GcsServerOptions): Promise<StoreServer> {
  return startStoreServer(options, (exchange) => {
    const { path } = exchange;
    if (path === '/computeMetadata/v1/instance/service-accounts/default/token')
      return giveToken(exchange, options);
    if (exchange.headers.authorization !== `Bearer ${options.token()}`)
      return refuse(exchange, 401, 'authError', 'Invalid Credentials');
    if (options.more?.(exchange) === true) return;
    const [, bucket, key] = /^\/storage\/v1\/b\/([^/]+)\/o(?:\/([^/]+))?$/.exec(path) ?? [];
    if (bucket === undefined || exchange.method !== 'GET')
      return refuse(exchange, 404, 'notFound', 'Not Found');
    const name = key === undefined ? undefined : decodeURIComponent(key);
    const isRead = exchange.query.get('alt') === 'media';
    const bad = exchange.ask(name === undefined ? 'list' : isRead ? 'read' : 'stat', name);
    if (bad?.status !== undefined)
      return refuse(exchange, bad.status, bad.code ?? 'backendError', 'Refused', bad.headers);
    if (decodeURIComponent(bucket) !== options.name)
      return refuse(exchange, 404, 'notFound', 'The specified bucket does not exist.');
    return name === undefined ? list(exchange, options) : read(exchange, options, name, isRead);
  });
}

function giveToken(exchange: Exchange, { token }: GcsServerOptions) {
  if (exchange.headers['metadata-flavor'] !== 'Google') return exchange.answer(403, {}, '');
  const bad = exchange.ask('token');
  if (bad?.status !== undefined) return exchange.answer(bad.status, {}, '');
  exchange.answer(200, {}, JSON.stringify({ access_token: token(), expires_in: 3599, token_type: 'Bearer' }));
}

function list(exchange: Exchange, { bucket, allow, pageSize = 1000 }: GcsServerOptions) {
  const { query } = exchange;
  if (allow?.list === false)
    return refuse(exchange, 403, 'forbidden', 'The account does not have storage.objects.list access.');
  const limit = Math.min(Number(query.get('maxResults') ?? 1000), pageSize);
  const token = query.get('pageToken');
  const after = token === null ? undefined : Buffer.from(token, 'base64url').toString();
  const { objects, next } = bucket.list(query.get('prefix') ?? '', after, limit);
  const [, fields = ''] = /items\(([^)]*)\)/.exec(query.get('fields') ?? '') ?? [];
  exchange.answer(
    200,
    { 'content-type': 'application/json' },
    JSON.stringify({
      items: objects.length === 0 ? undefined : objects.map((object) => resourceOf(object, fields)),
      nextPageToken: next === undefined ? undefined : Buffer.from(next).toString('base64url'),
    }),
  );
}

function read(exchange: Exchange, { bucket, allow }: GcsServerOptions, key: string, isRead: boolean) {
  const { query, headers } = exchange;
  if (allow?.read === false)
    return refuse(exchange, 403, 'forbidden', 'The account does not have storage.objects.get access.');
  const object = bucket.get(key);
  if (object === undefined) return refuse(exchange, 404, 'notFound', `No such object: ${key}`);
  const wanted = query.get('ifGenerationMatch');
  if (wanted !== null && wanted !== String(object.generation))
    return refuse(exchange, 412, 'conditionNotMet', 'At least one of the pre-conditions did not hold.');
  if (!isRead)
    return exchange.answer(
      200,
      { 'content-type': 'application/json' },
      JSON.stringify(resourceOf(object, query.get('fields') ?? '')),
    );
  const isUnpacked =
    object.contentEncoding === 'gzip' && !/\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  // Unpacked on the way, an object has no length and no ranges.
  if (isUnpacked) return refuse(exchange, 500, 'backendError', 'this stand-in does not unpack');
  exchange.sendObject(
    object,
    {
      'x-goog-generation': String(object.generation),
      ...(object.contentEncoding !== undefined && { 'content-encoding': object.contentEncoding }),
    },
    headers.range,
  );
}

function resourceOf(object: BucketObject, fields: string): Readonly<Record<string, unknown>> {
  const crc = createCrc32c();
  crc.update(object.bytes);
  const all: Readonly<Record<string, unknown>> = {
    name: object.key,
    size: String(object.bytes.length),
    generation: String(object.generation),
    updated: object.changedAt.toISOString(),
    // Composed objects have none, and these stand for them.
    md5Hash: object.key.includes('composed') ? undefined : object.md5.toString('base64'),
    crc32c: crc.base64(),
    contentEncoding: object.contentEncoding,
  };
  const wanted = fields.split(',');
  return Object.fromEntries(Object.entries(all).filter(([name]) => fields === '' || wanted.includes(name)));
}

function refuse(
  exchange: Exchange,
  status: number,
  reason: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
) {
  exchange.answer(
    status,
    { 'content-type': 'application/json', ...headers },
    JSON.stringify({ error: { code: status, message, errors: [{ message, domain: 'global', reason }] } }),
  );
}

import type { BucketObject } from './bucket.ts';
import { checkSignature } from './s3-signature.ts';
import type { Exchange, StoreServer, StoreServerOptions } from './store-server.ts';
import { startStoreServer } from './store-server.ts';

export interface S3ServerOptions extends StoreServerOptions {
  readonly name: string;
  readonly region: string;
  readonly keys: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  };
  /** What the key may do. @default both */
  readonly allow?: { readonly list?: boolean; readonly read?: boolean };
}

/**
 * A stand-in for S3 that is as strict: signatures are computed anew and must be equal, the clock may be a quarter of an
 * hour off, lists come in pages, reads honour `Range` and `If-Match`.
 */
export function startS3Server(options: S3ServerOptions): Promise<StoreServer> {
  const { now = () => new Date() } = options;
  return startStoreServer(options, (exchange) => {
    const wrong = checkSignature(exchange, { ...options, now: now() });
    if (wrong !== undefined) return refuse(exchange, wrong.status, wrong.code);
    const { name, key } = addressOf(exchange);
    const kind = key === '' ? 'list' : exchange.method === 'HEAD' ? 'stat' : 'read';
    const bad = exchange.ask(kind, key);
    if (bad?.status !== undefined) return refuse(exchange, bad.status, bad.code ?? '', bad.headers);
    if (name !== options.name) return refuse(exchange, 404, 'NoSuchBucket');
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD')
      return refuse(exchange, 405, 'MethodNotAllowed');
    return key === '' ? list(exchange, options) : read(exchange, options, key);
  });
}

/** The bucket is in the host's name or at the beginning of the path. */
function addressOf({ path, headers }: Exchange): { readonly name: string; readonly key: string } {
  const [, host] = /^([^.]+)\.s3\./.exec(String(headers.host)) ?? [];
  const parts = path.split('/').slice(1).map(decodeURIComponent);
  const [name = '', ...rest] = host === undefined ? parts : [host, ...parts];
  return { name, key: rest.join('/') };
}

function list(exchange: Exchange, { bucket, name, allow, pageSize = 1000 }: S3ServerOptions) {
  const { query } = exchange;
  if (allow?.list === false) return refuse(exchange, 403, 'AccessDenied');
  if (query.get('list-type') !== '2') return refuse(exchange, 400, 'InvalidArgument');
  const limit = Math.min(Number(query.get('max-keys') ?? 1000), pageSize);
  const token = query.get('continuation-token');
  const after = token === null ? undefined : Buffer.from(token, 'base64url').toString();
  const prefix = query.get('prefix') ?? '';
  const encode = (key: string) =>
    query.get('encoding-type') === 'url' ? encodeURIComponent(key).replaceAll('%20', '+') : xml(key);
  const { objects, next } = bucket.list(prefix, after, limit);
  const contents = objects.map(
    (object) =>
      `<Contents><Key>${encode(object.key)}</Key><LastModified>${object.changedAt.toISOString()}</LastModified>` +
      `<ETag>&quot;${etagOf(object)}&quot;</ETag><Size>${object.bytes.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  );
  const more =
    next === undefined
      ? ''
      : `<NextContinuationToken>${Buffer.from(next).toString('base64url')}</NextContinuationToken>`;
  exchange.answer(
    200,
    { 'content-type': 'application/xml' },
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
      `<Name>${name}</Name><Prefix>${encode(prefix)}</Prefix><KeyCount>${objects.length}</KeyCount><MaxKeys>${limit}</MaxKeys>` +
      `<IsTruncated>${next !== undefined}</IsTruncated>${more}${contents.join('')}</ListBucketResult>`,
  );
}

function read(exchange: Exchange, { bucket, allow }: S3ServerOptions, key: string) {
  if (allow?.read === false) return refuse(exchange, 403, 'AccessDenied');
  const object = bucket.get(key);
  // Whoever may not list is not told what is not there.
  if (object === undefined)
    return allow?.list === false ? refuse(exchange, 403, 'AccessDenied') : refuse(exchange, 404, 'NoSuchKey');
  const wanted = exchange.headers['if-match'];
  if (wanted !== undefined && wanted !== `"${etagOf(object)}"`)
    return refuse(exchange, 412, 'PreconditionFailed');
  const headers = {
    etag: `"${etagOf(object)}"`,
    'last-modified': object.changedAt.toUTCString(),
    'accept-ranges': 'bytes',
    ...(object.contentEncoding !== undefined && { 'content-encoding': object.contentEncoding }),
  };
  if (exchange.method === 'HEAD')
    return exchange.answer(200, { ...headers, 'content-length': String(object.bytes.length) });
  exchange.sendObject(object, headers, exchange.headers.range);
}

function etagOf({ md5 }: BucketObject): string {
  return md5.toString('hex');
}

function refuse(
  exchange: Exchange,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
) {
  exchange.answer(
    status,
    { 'content-type': 'application/xml', 'x-amz-request-id': '4442587FB7D0A2F9', ...headers },
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Refused.</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>`,
  );
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

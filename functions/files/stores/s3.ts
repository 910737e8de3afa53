import { fatal } from '../../core/errors.ts';
import type { Http, RawCall, RawReply } from '../../core/http/http.ts';
import type { BucketPlace } from '../place.ts';
import { findObjects } from './find.ts';
import { refusal } from './refusal.ts';
import type { S3Keys } from './sign-s3.ts';
import { signS3 } from './sign-s3.ts';
import type { Store, StoredObject } from './store.ts';
import { asNode, asNodes, parseXml, textOf } from './xml.ts';

export interface S3Options {
  readonly place: BucketPlace<'s3'>;
  readonly http: Http;
  readonly region: string;
  /** Of a compatible server. @default Amazon's */
  readonly endpoint?: string | undefined;
  /** The bucket in the path and not in the host name. @default for a server of one's own, and for names with dots */
  readonly pathStyle?: boolean | undefined;
  /** None for public buckets. */
  readonly keys?: S3Keys | undefined;
}

/** The most that a page may hold. */
const pageSize = 1000;

/** Amazon S3 and what speaks its protocol. https://docs.aws.amazon.com/AmazonS3/latest/API/ */
export function openS3({ place, http, region, keys, ...options }: S3Options): Store {
  const { root, bucket, prefix } = place;
  const base = baseOf(bucket, region, options);
  const sign: Pick<RawCall, 'sign'> = keys === undefined ? {} : { sign: signS3(keys, region) };
  const urlOf = (key: string) => base + `${prefix}${key}`.split('/').map(encodeName).join('/');

  const refuse = (doing: 'list' | 'read') => (reply: RawReply) => {
    const error = errorOf(reply);
    const other = reply.headers['x-amz-bucket-region'] ?? textOf(error.Region);
    if ([301, 307, 400].includes(reply.status) && other !== '' && other !== region)
      return fatal('bad-input', {
        where: root,
        what: 'the bucket is in another region',
        got: region,
        allowed: other,
        todo: 'correct region of the group in the stack file',
      });
    return refusal({
      root,
      doing,
      status: reply.status,
      code: codeOf(reply),
      permission:
        doing === 'list'
          ? 's3:ListBucket on the bucket'
          : 's3:GetObject on the objects (and s3:ListBucket, without which S3 answers like this for an object that is not there, too)',
      credentials: 'the field "s3" of the group\'s secret',
    });
  };

  async function* list(begin: string): AsyncGenerator<StoredObject> {
    let token: string | undefined;
    do {
      const reply = await http.send({
        method: 'GET',
        url: base,
        query: {
          'list-type': 2,
          'encoding-type': 'url',
          'max-keys': pageSize,
          prefix: prefix + begin,
          'continuation-token': token,
        },
        ...sign,
        refuse: refuse('list'),
      });
      const page = asNode(parseXml(reply.bytes).ListBucketResult);
      for (const entry of asNodes(page.Contents)) yield toObject(entry, prefix);
      token = textOf(page.IsTruncated) === 'true' ? textOf(page.NextContinuationToken) : undefined;
    } while (token !== undefined);
  }

  const stat = async (key: string): Promise<StoredObject | undefined> => {
    const call = { url: urlOf(key), ...sign };
    const head = await http.send({ ...call, method: 'HEAD', expect: [301, 400, 403, 404] });
    if (head.status === 200) return fromHeaders(key, head.headers);
    // An answer to HEAD has no body and so no reason, which the first byte of a GET has.
    const reply = await http.send({
      ...call,
      method: 'GET',
      headers: { range: 'bytes=0-0' },
      expect: [404],
      refuse: refuse('read'),
    });
    if (reply.status !== 404) throw refuse('read')(head);
    if (codeOf(reply) === 'NoSuchBucket') throw refuse('list')(reply);
    return undefined;
  };

  return {
    root,
    find: (path) => findObjects(path, { stat, list }),
    stat,
    read: ({ key, generation, bytes }, range = { from: 0, to: bytes - 1 }) =>
      http.stream(
        {
          method: 'GET',
          url: urlOf(key),
          headers: { 'if-match': `"${generation}"`, 'accept-encoding': 'identity' },
          ...sign,
          refuse: refuse('read'),
        },
        range,
      ),
    locate: (key) => `s3://${bucket}/${prefix}${key}`,
  };
}

function baseOf(
  bucket: string,
  region: string,
  { endpoint, pathStyle }: Pick<S3Options, 'endpoint' | 'pathStyle'>,
): string {
  const url = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`);
  // Amazon's certificate covers one label before its name, so a bucket with dots goes into the path.
  if (pathStyle ?? (endpoint !== undefined || bucket.includes('.')))
    return `${url.origin}${url.pathname.replace(/\/$/, '')}/${bucket}/`;
  return `${url.protocol}//${bucket}.${url.host}/`;
}

function errorOf({ bytes }: RawReply) {
  return asNode(parseXml(bytes).Error);
}

function codeOf(reply: RawReply): string {
  return textOf(errorOf(reply).Code);
}

function fromHeaders(key: string, headers: RawReply['headers']): StoredObject {
  const generation = unquote(headers.etag ?? '');
  // Under a customer's key the ETag has another meaning.
  const isPlain = !/kms|C/.test(sealOf(headers));
  return {
    key,
    bytes: Number(headers['content-length']),
    generation,
    changedAt: new Date(headers['last-modified'] ?? 0),
    packed: headers['content-encoding'] === 'gzip' ? 'gzip' : undefined,
    md5: isPlain && /^[\da-f]{32}$/.test(generation) ? generation : undefined,
  };
}

function toObject(entry: Readonly<Record<string, unknown>>, prefix: string): StoredObject {
  // A page comes with `encoding-type=url`, since XML cannot hold every character that a key may have.
  const key = decodeURIComponent(textOf(entry.Key).replaceAll('+', '%20'));
  return {
    key: key.slice(prefix.length),
    bytes: Number(textOf(entry.Size)),
    generation: unquote(textOf(entry.ETag)),
    changedAt: new Date(textOf(entry.LastModified)),
  };
}

function sealOf(headers: RawReply['headers']): string {
  const customers = headers['x-amz-server-side-encryption-customer-algorithm'] === undefined ? '' : 'C';
  return `${headers['x-amz-server-side-encryption'] ?? ''}${customers}`;
}

function unquote(etag: string): string {
  return etag.replace(/^(?:W\/)?"|"$|&quot;/g, '');
}

/** As the signature wants it: everything but letters, digits and `-._~`. */
function encodeName(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

import type { Http, RawCall, RawReply } from '../../core/http/http.ts';
import type { Place } from '../place.ts';
import { findObjects } from './find.ts';
import { refusal } from './refusal.ts';
import { signAzure } from './sign-azure.ts';
import type { Store, StoredObject } from './store.ts';
import { asNode, asNodes, parseXml, textOf } from './xml.ts';

/** One of the two; neither for public containers. */
export interface AzureKeys {
  /** Base64, as the portal shows it. */
  readonly accountKey?: string | undefined;
  /** Query of a shared access signature, with or without its question mark. Needs to read and, for globs, to list. */
  readonly sasToken?: string | undefined;
}

export interface AzureOptions {
  readonly place: Extract<Place, { kind: 'azure' }>;
  readonly http: Http;
  /** @default "https://<account>.blob.core.windows.net" */
  readonly endpoint?: string | undefined;
  readonly keys?: AzureKeys | undefined;
}

/** https://learn.microsoft.com/rest/api/storageservices/versioning-for-the-azure-storage-services */
const version = '2021-12-02';
/** Large enough to be few, small enough to be quick. */
const pageSize = 1000;

/** Azure Blob Storage. https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api */
export function openAzure({ place, http, endpoint, keys = {} }: AzureOptions): Store {
  const { root, account, bucket, prefix } = place;
  const base = `${(endpoint ?? `https://${account}.blob.core.windows.net`).replace(/\/$/, '')}/${bucket}`;
  const token = Object.fromEntries(new URLSearchParams(keys.sasToken?.replace(/^\?/, '')));
  const sign: Pick<RawCall, 'sign'> =
    keys.accountKey === undefined ? {} : { sign: signAzure(account, keys.accountKey) };
  const urlOf = (key: string) => `${base}/${`${prefix}${key}`.split('/').map(encodeURIComponent).join('/')}`;
  const headers = { 'x-ms-version': version };

  const refuse = (doing: 'list' | 'read') => (reply: RawReply) => {
    const error = asNode(parseXml(reply.bytes).Error);
    const code = reply.headers['x-ms-error-code'] ?? textOf(error.Code);
    const detail = textOf(error.AuthenticationErrorDetail);
    return refusal({
      root,
      doing,
      status: reply.status,
      // An expired signature has the code of a wrong one, and says so only in a sentence.
      code: /signature not valid in the specified time frame/i.test(detail) ? `${code}: expired` : code,
      permission: doing === 'list' ? 'list (Storage Blob Data Reader)' : 'read (Storage Blob Data Reader)',
      credentials: 'the field "azure" of the group\'s secret',
    });
  };

  async function* list(begin: string): AsyncGenerator<StoredObject> {
    let marker = '';
    do {
      const reply = await http.send({
        method: 'GET',
        url: base,
        query: {
          restype: 'container',
          comp: 'list',
          prefix: prefix + begin,
          maxresults: pageSize,
          marker: marker === '' ? undefined : marker,
          ...token,
        },
        headers,
        ...sign,
        refuse: refuse('list'),
      });
      const page = asNode(parseXml(reply.bytes).EnumerationResults);
      for (const blob of asNodes(asNode(page.Blobs).Blob)) yield toObject(blob, prefix);
      marker = textOf(page.NextMarker);
    } while (marker !== '');
  }

  const stat = async (key: string): Promise<StoredObject | undefined> => {
    const reply = await http.send({
      method: 'HEAD',
      url: urlOf(key),
      query: token,
      headers,
      ...sign,
      expect: [404],
      refuse: refuse('read'),
    });
    if (reply.headers['x-ms-error-code'] === 'ContainerNotFound') throw refuse('list')(reply);
    if (reply.status === 404) return undefined;
    const { headers: known } = reply;
    return {
      key,
      bytes: Number(known['content-length']),
      generation: unquote(known.etag ?? ''),
      changedAt: new Date(known['last-modified'] ?? 0),
      packed: known['content-encoding'] === 'gzip' ? 'gzip' : undefined,
      md5: hexOf(known['content-md5']),
    };
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
          query: token,
          headers: { ...headers, 'if-match': `"${generation}"` },
          ...sign,
          refuse: refuse('read'),
        },
        range,
      ),
    locate: (key) => `azure://${account}/${bucket}/${prefix}${key}`,
  };
}

function toObject(blob: Readonly<Record<string, unknown>>, prefix: string): StoredObject {
  const properties = asNode(blob.Properties);
  return {
    key: textOf(blob.Name).slice(prefix.length),
    bytes: Number(textOf(properties['Content-Length'])),
    generation: unquote(textOf(properties.Etag)),
    changedAt: new Date(textOf(properties['Last-Modified'])),
  };
}

function hexOf(base64: string | undefined): string | undefined {
  return base64 === undefined || base64 === '' ? undefined : Buffer.from(base64, 'base64').toString('hex');
}

/** A list gives ETags without quotes, a header with them. */
function unquote(etag: string): string {
  return etag.replaceAll('"', '');
}

import type { Http, RawReply } from '../../core/http/http.ts';
import type { BucketPlace } from '../place.ts';
import { findObjects } from './find.ts';
import { refusal } from './refusal.ts';
import type { Store, StoredObject } from './store.ts';

/** https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
interface Resource {
  readonly name: string;
  readonly size: string;
  readonly generation: string;
  readonly updated: string;
  readonly md5Hash?: string;
  readonly crc32c?: string;
  readonly contentEncoding?: string;
}

const fields = 'name,size,generation,updated,md5Hash,crc32c,contentEncoding';
/** The most that a page may hold. */
const pageSize = 1000;

/** Google Cloud Storage by its JSON API, as the service account of the run. */
export function openGcs({
  place: { root, bucket, prefix },
  http,
}: {
  readonly place: BucketPlace<'gs'>;
  readonly http: Http;
}): Store {
  const objects = `storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const urlOf = (key: string) => `${objects}/${encodeURIComponent(prefix + key)}`;
  const refuse = (doing: 'list' | 'read') => (reply: RawReply) =>
    refusal({
      root,
      doing,
      status: reply.status,
      code: codeOf(reply),
      permission:
        doing === 'list' ? 'storage.objects.list (roles/storage.objectViewer)' : 'storage.objects.get',
      credentials: "the roles of the pipeline's service account",
    });
  const toObject = (resource: Resource): StoredObject => ({
    key: resource.name.slice(prefix.length),
    bytes: Number(resource.size),
    generation: resource.generation,
    changedAt: new Date(resource.updated),
    packed: resource.contentEncoding === 'gzip' ? 'gzip' : undefined,
    md5: resource.md5Hash === undefined ? undefined : Buffer.from(resource.md5Hash, 'base64').toString('hex'),
    crc32c: resource.crc32c,
  });

  async function* list(begin: string): AsyncGenerator<StoredObject> {
    let pageToken: string | undefined;
    do {
      const reply = await http.send({
        method: 'GET',
        url: objects,
        query: {
          prefix: prefix + begin,
          maxResults: pageSize,
          pageToken,
          fields: `items(${fields}),nextPageToken`,
        },
        auth: 'google',
        refuse: refuse('list'),
      });
      const page = parse(reply) as { readonly items?: readonly Resource[]; readonly nextPageToken?: string };
      for (const resource of page.items ?? []) yield toObject(resource);
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
  }

  const stat = async (key: string): Promise<StoredObject | undefined> => {
    const reply = await http.send({
      method: 'GET',
      url: urlOf(key),
      query: { fields },
      auth: 'google',
      expect: [404],
      refuse: refuse('read'),
    });
    if (reply.status !== 404) return toObject(parse(reply) as Resource);
    // A bucket that does not exist answers like an object that does not.
    if (/bucket/i.test(messageOf(reply))) throw refuse('list')(reply);
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
          query: { alt: 'media', ifGenerationMatch: generation },
          // Without it GCS unpacks what is stored packed, and then knows neither its length nor ranges of it.
          headers: { 'accept-encoding': 'gzip' },
          auth: 'google',
          refuse: refuse('read'),
        },
        range,
      ),
    locate: (key) => `gs://${bucket}/${prefix}${key}`,
  };
}

function parse({ bytes }: RawReply): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function codeOf(reply: RawReply): string {
  return errorOf(reply)?.errors?.[0]?.reason ?? '';
}

function messageOf(reply: RawReply): string {
  return errorOf(reply)?.message ?? '';
}

function errorOf(
  reply: RawReply,
): { readonly message?: string; readonly errors?: readonly { readonly reason?: string }[] } | undefined {
  try {
    return (parse(reply) as { readonly error?: object }).error;
  } catch {
    return undefined;
  }
}

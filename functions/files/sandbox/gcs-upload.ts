import type { Exchange } from './store-server.ts';

export interface UploadBucket {
  /** Answers uploads; false for everything else. */
  readonly handle: (exchange: Exchange) => boolean;
  /** Content by `gs://` URL. */
  readonly objects: ReadonlyMap<string, string>;
}

/** A stand-in for simple uploads to one bucket. https://cloud.google.com/storage/docs/json_api/v1/objects/insert */
export function createUploadBucket(bucket: string): UploadBucket {
  const objects = new Map<string, string>();
  return {
    objects,
    handle({ method, path, query, headers, body, answer }) {
      if (!path.startsWith('/upload/')) return false;
      const name = query.get('name') ?? '';
      const isRight =
        method === 'POST' &&
        path === `/upload/storage/v1/b/${bucket}/o` &&
        query.get('uploadType') === 'media' &&
        /^[^\n\r]{1,1024}$/.test(name) &&
        headers['content-type'] !== undefined;
      if (isRight) objects.set(`gs://${bucket}/${name}`, body);
      const json = isRight ? { bucket, name, size: String(body.length) } : { error: { code: 400 } };
      answer(isRight ? 200 : 400, { 'content-type': 'application/json' }, JSON.stringify(json));
      return true;
    },
  };
}

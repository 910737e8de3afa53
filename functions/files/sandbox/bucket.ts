import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface BucketObject {
  readonly key: string;
  readonly bytes: Buffer;
  /** Grows with each write of the bucket. */
  readonly generation: number;
  readonly changedAt: Date;
  readonly contentEncoding?: string | undefined;
  readonly md5: Buffer;
}

/** The content of a stand-in's bucket, kept in memory. */
export interface Bucket {
  put(key: string, bytes: string | Uint8Array, more?: { readonly contentEncoding?: string }): BucketObject;
  get(key: string): BucketObject | undefined;
  remove(key: string): void;
  /** Keys with this prefix behind `after`, in the order of their bytes. */
  list(prefix: string, after: string | undefined, limit: number): ListPage;
}

export interface ListPage {
  readonly objects: readonly BucketObject[];
  /** The last key of this page, when there are more. */
  readonly next: string | undefined;
}

/** @param now when objects are written; each a second after the last, so that there is a latest one */
export function createBucket(now: () => Date): Bucket {
  const objects = new Map<string, BucketObject>();
  let generation = 1_700_000_000_000_000;
  let writes = 0;
  return {
    put(key, content, more = {}) {
      const bytes = Buffer.from(content as Uint8Array);
      generation += 1;
      writes += 1;
      const object: BucketObject = {
        key,
        bytes,
        generation,
        changedAt: new Date(now().getTime() + writes * 1000),
        contentEncoding: more.contentEncoding,
        md5: createHash('md5').update(bytes).digest(),
      };
      objects.set(key, object);
      return object;
    },
    get: (key) => objects.get(key),
    remove: (key) => void objects.delete(key),
    list(prefix, after, limit) {
      const keys = [...objects.keys()]
        .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
        .sort();
      const page = keys.slice(0, limit);
      return {
        objects: page.flatMap((key) => objects.get(key) ?? []),
        next: keys.length > limit ? page.at(-1) : undefined,
      };
    },
  };
}

/** Puts the files of a folder into a bucket, below a prefix. */
export async function fillBucket(bucket: Bucket, folder: string, prefix: string): Promise<void> {
  for (const name of (await readdir(folder)).sort())
    bucket.put(`${prefix}${name}`, await readFile(join(folder, name)));
}

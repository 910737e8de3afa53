import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { CatchmentError } from '../core/errors.ts';
import { fatal, retryable } from '../core/errors.ts';
import { createCrc32c } from './crc32c.ts';
import type { Store, StoredObject } from './stores/store.ts';

/**
 * Brings an object to a folder of this machine, through memory of one chunk, and checks size and checksum.
 *
 * @returns the path of the file, named as the object is
 * @throws retryable `network` when bytes are missing or wrong; fatal `disk-full`
 */
export async function fetchObject(store: Store, object: StoredObject, folder: string): Promise<string> {
  const path = join(folder, basename(object.key));
  await mkdir(dirname(path), { recursive: true });
  await pipeline(checkedBytes(store, object), createWriteStream(path)).catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? diskFull(store, object, folder, error) : error;
  });
  return path;
}

/** A small object, whole. */
export async function fetchBytes(store: Store, object: StoredObject): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of checkedBytes(store, object)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* checkedBytes(store: Store, object: StoredObject): AsyncGenerator<Uint8Array> {
  const sum = checksumOf(object);
  let bytes = 0;
  for await (const chunk of store.read(object)) {
    sum?.update(chunk);
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes !== object.bytes) throw damaged(store, object, `${bytes} of ${object.bytes} bytes came`);
  if (sum !== undefined && sum.read() !== sum.expected)
    throw damaged(store, object, `its ${sum.name} is ${sum.read()}, not ${sum.expected}`);
}

function checksumOf({ md5, crc32c }: StoredObject) {
  if (md5 !== undefined) {
    const hash = createHash('md5');
    let digest: string | undefined;
    return {
      name: 'md5',
      expected: md5,
      update: (chunk: Uint8Array) => void hash.update(chunk),
      read() {
        digest ??= hash.digest('hex');
        return digest;
      },
    };
  }
  if (crc32c === undefined) return undefined;
  const crc = createCrc32c();
  return { name: 'crc32c', expected: crc32c, update: crc.update, read: crc.base64 };
}

function damaged(store: Store, { key }: StoredObject, how: string): CatchmentError {
  return retryable('network', {
    where: store.locate(key),
    what: `the object did not arrive whole: ${how}`,
    todo: 'nothing of it was loaded; the next run reads it again',
  });
}

function diskFull(store: Store, { key, bytes }: StoredObject, folder: string, cause: unknown) {
  return fatal('disk-full', {
    where: store.locate(key),
    what: `there is no room for the object, which has ${bytes} bytes`,
    got: folder,
    todo: 'give the job more memory or disk (TMPDIR names the folder), or deliver smaller files',
    cause,
  });
}

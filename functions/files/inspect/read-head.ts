import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Store, StoredObject } from '../stores/store.ts';

/** How much of a text file is looked at, packed as well as unpacked. */
export const headBytes = 2 ** 20;

export interface Head {
  /** Unpacked: at most `headBytes`. */
  readonly bytes: Buffer;
  /** True when this is the whole file. */
  readonly isWhole: boolean;
  /** Bytes of the file as stored that these came from. */
  readonly stored: number;
}

/** The beginning of an object, unpacked. Never more than `headBytes` are asked for. */
export async function readHead(
  store: Store,
  object: StoredObject,
  compression: 'gzip' | 'zstd' | 'none',
): Promise<Head> {
  if (object.bytes === 0) return { bytes: Buffer.alloc(0), isWhole: true, stored: 0 };
  const stored = Math.min(object.bytes, headBytes);
  const packed = Buffer.concat(await Array.fromAsync(store.read(object, { from: 0, to: stored - 1 })));
  const isAll = stored === object.bytes;
  if (compression === 'none') return { bytes: packed, isWhole: isAll, stored };
  const { bytes, used } = await unpack(packed, compression);
  return { bytes, isWhole: isAll && used === undefined, stored: used ?? stored };
}

/** As much as comes out of the beginning of an archive; that it ends in the middle is no fault here. */
async function unpack(
  packed: Buffer,
  compression: 'gzip' | 'zstd',
): Promise<{ readonly bytes: Buffer; readonly used: number | undefined }> {
  const unpacker = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const source = Readable.from(slicesOf(packed));
  source.pipe(unpacker);
  try {
    for await (const chunk of unpacker) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > headBytes) break;
    }
  } catch (error) {
    if (bytes === 0) throw error;
  }
  source.destroy();
  const isCut = bytes > headBytes;
  return {
    bytes: Buffer.concat(chunks).subarray(0, headBytes),
    used: isCut ? Math.round((unpacker.bytesWritten * headBytes) / bytes) : undefined,
  };
}

/** Small steps, so that the unpacker can be stopped soon after it has given enough. */
function* slicesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 2 ** 14) yield bytes.subarray(at, at + 2 ** 14);
}

import type { ByteRange } from '../../core/http/http.ts';

/** One object of a store, or one file of a folder. */
export interface StoredObject {
  /** Path below the root, with `/`. */
  readonly key: string;
  /** As stored, packed if it is. */
  readonly bytes: number;
  /** Changes with the content: a generation, an ETag, a hash. Never a time alone. */
  readonly generation: string;
  readonly changedAt: Date;
  /** `content-encoding` says that it is packed, whatever its name says. */
  readonly packed?: 'gzip' | undefined;
  /** Hexadecimal; undefined when the store does not know it. */
  readonly md5?: string | undefined;
  /** Base64 of four bytes, big-endian, as GCS has it. */
  readonly crc32c?: string | undefined;
}

/** Where files are. Each kind is a file of its own, loaded when a root names it. */
export interface Store {
  /** The root as people write it: `s3://bucket/prefix`, `/data/in`. */
  readonly root: string;
  /**
   * What a path names: the object of that very key, or all that match it as a glob, in the order of their keys. Asks the
   * store only for keys that begin with the part of the path before its first wildcard.
   */
  find(path: string): Promise<readonly StoredObject[]>;
  /** The object as it is now; undefined when there is none. */
  stat(key: string): Promise<StoredObject | undefined>;
  /**
   * Bytes of this very generation.
   *
   * @throws retryable `vendor` when the object was replaced or deleted since
   */
  read(object: StoredObject, range?: ByteRange): AsyncGenerator<Uint8Array, void, undefined>;
  /** The name under which others may read the object: an absolute path, or a URL such as `gs://bucket/key`. */
  locate(key: string): string;
}

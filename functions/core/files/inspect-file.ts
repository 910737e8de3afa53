import type { Stats } from 'node:fs';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { CatchmentError } from '../errors.ts';
import { fatal } from '../errors.ts';
import type { FileRef } from '../extract.ts';

/** A file that exists, can be read and is not empty. */
export interface InspectedFile {
  readonly ref: FileRef;
  readonly where: string;
  /** As stored. */
  readonly bytes: number;
  readonly compression: 'gzip' | 'zstd' | 'none';
  /** The first bytes, unpacked: at most `headBytes`. */
  readonly head: Buffer;
}

export interface FileScan {
  /** Unpacked. */
  readonly bytes: number;
  /** Most bytes without a line end between them. */
  readonly longestLine: number;
  readonly endsWithNewline: boolean;
}

const headBytes = 2 ** 20;
const newline = 10;

/** @throws fatal `bad-file` for what is not there, no file, not readable, empty or damaged at its beginning */
export async function inspectFile(ref: FileRef, where: string): Promise<InspectedFile> {
  const refuse = (what: string, todo: string, cause?: unknown): CatchmentError =>
    fatal('bad-file', { where, what, got: ref.path, todo, cause });
  let stats: Stats;
  try {
    stats = await stat(ref.path);
  } catch (cause) {
    throw unreadable(ref, where, cause);
  }
  if (!stats.isFile()) throw refuse('this is no file', 'name a file');
  if (stats.size === 0) throw refuse('the file is empty', 'deliver it again, or remove it');
  const compression = compressionOf(ref);
  const head = await readHead(ref, where, compression, stats.size);
  const isText = ref.format !== 'parquet';
  if (isText && withoutBom(head).length === 0)
    throw refuse('the file is empty', 'deliver it again, or remove it');
  if (isText && (ref.encoding ?? 'utf-8') === 'utf-8' && looksLikeUtf16(head))
    throw refuse(
      'the file is UTF-16, not UTF-8',
      ref.format === 'csv' ? 'set "encoding" of the table to utf-16' : 'deliver it as UTF-8',
    );
  return { ref, where, bytes: stats.size, compression, head };
}

/**
 * Reads a file to its end, unpacked, on another thread: DuckDB takes a truncated gzip or zstd file for a whole one, and
 * its parallel CSV reader may skip a line that is longer than its buffer (DuckDB 1.5.5).
 *
 * @throws fatal `bad-file` when the file is damaged
 */
export async function scanFile({ ref, where, compression }: InspectedFile): Promise<FileScan> {
  let [bytes, longest, open, last] = [0, 0, 0, newline];
  const measure = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      const first = chunk.indexOf(newline);
      longest = Math.max(longest, open + (first === -1 ? chunk.length : first));
      open = first === -1 ? open + chunk.length : chunk.length - 1 - chunk.lastIndexOf(newline);
      bytes += chunk.length;
      last = chunk.at(-1) ?? last;
    }
  };
  const source = createReadStream(ref.path, { highWaterMark: headBytes });
  const unpack = unpacker(compression);
  try {
    await (unpack === undefined ? pipeline(source, measure) : pipeline(source, unpack, measure));
  } catch (cause) {
    throw damaged(ref, where, compression, cause);
  }
  return { bytes, longestLine: longest, endsWithNewline: last === newline };
}

/** Bytes without a byte order mark. */
export function withoutBom(bytes: Buffer): Buffer {
  const mark = bytes.subarray(0, 3).toString('hex');
  if (mark === 'efbbbf') return bytes.subarray(3);
  return mark.startsWith('fffe') || mark.startsWith('feff') ? bytes.subarray(2) : bytes;
}

function compressionOf({ path, compression }: FileRef): InspectedFile['compression'] {
  if (compression !== undefined) return compression;
  if (/\.gz$/i.test(path)) return 'gzip';
  return /\.zst$/i.test(path) ? 'zstd' : 'none';
}

async function readHead(
  ref: FileRef,
  where: string,
  compression: InspectedFile['compression'],
  size: number,
): Promise<Buffer> {
  const wanted = ref.format === 'parquet' ? 2 ** 16 : headBytes;
  try {
    const unpack = unpacker(compression);
    return await (unpack === undefined
      ? readStart(ref.path, Math.min(wanted, size))
      : unpackStart(ref.path, unpack, wanted));
  } catch (cause) {
    throw damaged(ref, where, compression, cause);
  }
}

/** In one piece: chunk by chunk would cost ten times as much. */
async function readStart(path: string, wanted: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(wanted);
    let bytes = 0;
    while (bytes < wanted) {
      const { bytesRead } = await file.read(head, bytes, wanted - bytes, bytes);
      if (bytesRead === 0) break;
      bytes += bytesRead;
    }
    return head.subarray(0, bytes);
  } finally {
    await file.close();
  }
}

async function unpackStart(path: string, unpack: Transform, wanted: number): Promise<Buffer> {
  const source = createReadStream(path, { highWaterMark: 2 ** 16 });
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    source.on('error', (error) => unpack.destroy(error));
    for await (const chunk of source.pipe(unpack)) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes >= wanted) break;
    }
  } finally {
    source.destroy();
    unpack.destroy();
  }
  return Buffer.concat(chunks).subarray(0, wanted);
}

function unpacker(compression: InspectedFile['compression']) {
  if (compression === 'none') return undefined;
  return compression === 'gzip' ? createGunzip() : createZstdDecompress();
}

function damaged(ref: FileRef, where: string, compression: string, cause: unknown): CatchmentError {
  const { code = '' } = cause as NodeJS.ErrnoException;
  if (compression === 'none' || code.startsWith('E')) return unreadable(ref, where, cause);
  const isShort = /unexpected end|Z_BUF_ERROR|srcSize_wrong/i.test(`${code} ${String(cause)}`);
  return fatal('bad-file', {
    where,
    what: isShort
      ? `the ${compression} file ends too early`
      : `this is not a sound ${compression} file (${code})`,
    got: ref.path,
    todo: isShort
      ? 'deliver it again; nothing of it was loaded'
      : 'deliver it again, or correct "compression" of the table; nothing of it was loaded',
    cause,
  });
}

function unreadable(ref: FileRef, where: string, cause: unknown): CatchmentError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return fatal('bad-file', {
    where,
    what: `the file cannot be read (${code ?? message})`,
    got: ref.path,
    todo: 'check that it exists and that the account of this run may read it',
    cause,
  });
}

function looksLikeUtf16(head: Buffer): boolean {
  const mark = head.subarray(0, 2).toString('hex');
  return mark === 'fffe' || mark === 'feff' || head.subarray(0, 4096).includes(0);
}

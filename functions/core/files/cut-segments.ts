import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { retryable } from '../errors.ts';
import { hasOddQuotes } from './quote-parity.ts';
import type { TextFormat } from './text-cells.ts';

/** Whole records of a stream, in a file. Whoever gets it deletes the file. */
export interface Segment {
  readonly path: string;
  readonly bytes: number;
  /** No record of it has more bytes; itself a little more than the longest one. */
  readonly longestRecord: number;
}

export interface CutOptions {
  readonly format: TextFormat;
  readonly folder: string;
  /** Begins the names of the files. */
  readonly name: string;
  /** A segment ends with the first record that reaches this. */
  readonly segmentBytes: number;
  /** A segment of `tsv`, whose records are lines, has no more of them. @default any number */
  readonly segmentRows?: number | undefined;
  /** Name of the table, for errors. */
  readonly where: string;
}

const newline = 10;

/** Chunks of a socket are small, and written together: as a copy, because chunks that wait outlive the cheap collector. */
const writeBytes = 2 ** 20;

/**
 * Writes a stream of canonical text into files that end where a record ends: a line end inside the quotes of csv is none.
 * Bytes are not decoded.
 *
 * @throws what the stream throws, and the file system; retryable `vendor` when the stream ends inside a record
 */
export async function* cutSegments(
  chunks: AsyncIterable<Uint8Array>,
  { format, folder, name, segmentBytes, segmentRows, where }: CutOptions,
): AsyncGenerator<Segment, void, undefined> {
  let file: SegmentFile | undefined;
  let serial = 0;
  let rows = 0;
  const mostRows = format === 'tsv' ? segmentRows : undefined;
  let isQuoted = false;
  let isEnded = true;
  const changesQuotes = format === 'csv' ? hasOddQuotes : never;
  try {
    for await (const chunk of chunks) {
      let rest = chunk;
      if (rest.length > 0) isEnded = rest[rest.length - 1] === newline;
      while (rest.length > 0) {
        if (file === undefined) {
          serial += 1;
          file = await createSegment(join(folder, `${name}-${serial}.csv`));
        }
        const wanted = segmentBytes - file.bytes;
        const full: number =
          wanted > rest.length ? 0 : recordEnd(rest, Math.max(0, wanted - 1), isQuoted, changesQuotes);
        const lines = mostRows === undefined ? undefined : countLines(rest, mostRows - rows);
        const end =
          lines !== undefined && lines.end > 0 && (full === 0 || lines.end < full) ? lines.end : full;
        rows = end === 0 ? rows + (lines?.count ?? 0) : 0;
        if (end === 0) {
          if (changesQuotes(rest)) isQuoted = !isQuoted;
          await file.write(rest, lastRecordEnd(rest, isQuoted, changesQuotes));
          break;
        }
        await file.write(rest.subarray(0, end), end);
        isQuoted = false;
        const whole: SegmentFile = file;
        file = undefined;
        yield await whole.finish();
        rest = rest.subarray(end);
      }
    }
    if (isQuoted || !isEnded)
      throw retryable('vendor', {
        where,
        what: `a stream of rows ended inside a ${isQuoted ? 'quoted cell' : 'row'}`,
        todo: 'nothing of it was loaded; the next run reads it again',
      });
    if (file === undefined) return;
    const last = file;
    file = undefined;
    yield await last.finish();
  } finally {
    await file?.abandon();
  }
}

/** Line ends in bytes, up to the last of `most`; `end` is behind that one, and 0 when there are fewer. */
function countLines(bytes: Uint8Array, most: number): { readonly count: number; readonly end: number } {
  let at = 0;
  for (let count = 0; count < most; count += 1) {
    const found = bytes.indexOf(newline, at);
    if (found === -1) return { count, end: 0 };
    at = found + 1;
  }
  return { count: most, end: at };
}

type ChangesQuotes = (bytes: Uint8Array) => boolean;

const never: ChangesQuotes = () => false;

/** Behind the first record end at `from` or later; 0 when there is none. */
function recordEnd(
  bytes: Uint8Array,
  from: number,
  isQuotedBefore: boolean,
  changesQuotes: ChangesQuotes,
): number {
  let at = from;
  let isQuoted = isQuotedBefore !== changesQuotes(bytes.subarray(0, from));
  for (;;) {
    const found = bytes.indexOf(newline, at);
    if (found === -1) return 0;
    isQuoted = isQuoted !== changesQuotes(bytes.subarray(at, found));
    if (!isQuoted) return found + 1;
    at = found + 1;
  }
}

/** Line ends that are looked at, from the last one on, to find one outside of quotes. */
const tries = 8;

/** Behind a late record end, or 0 when none is found at once: it only bounds the length of records. */
function lastRecordEnd(bytes: Uint8Array, isQuotedAfter: boolean, changesQuotes: ChangesQuotes): number {
  let isQuoted = isQuotedAfter;
  let end = bytes.length;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const found = end === 0 ? -1 : bytes.lastIndexOf(newline, end - 1);
    if (found === -1) return 0;
    isQuoted = isQuoted !== changesQuotes(bytes.subarray(found, end));
    if (!isQuoted) return found + 1;
    end = found;
  }
  return 0;
}

interface SegmentFile {
  readonly bytes: number;
  /** @param recordEnd how many of the bytes are before a known end of a record; 0 when none is known */
  write(bytes: Uint8Array, recordEnd: number): Promise<void>;
  finish(): Promise<Segment>;
  abandon(): Promise<void>;
}

async function createSegment(path: string): Promise<SegmentFile> {
  const handle = await open(path, 'wx');
  const waiting = Buffer.allocUnsafe(writeBytes);
  let [bytes, waitingBytes, openRecord, longestRecord] = [0, 0, 0, 0];

  const flush = async () => {
    const end = waitingBytes;
    waitingBytes = 0;
    await writeAll(handle, waiting.subarray(0, end));
  };

  return {
    get bytes() {
      return bytes;
    },
    async write(chunk, recordEnd) {
      longestRecord = Math.max(longestRecord, openRecord + (recordEnd === 0 ? chunk.length : recordEnd));
      openRecord = recordEnd === 0 ? openRecord + chunk.length : chunk.length - recordEnd;
      bytes += chunk.length;
      if (chunk.length > writeBytes - waitingBytes) await flush();
      if (chunk.length > writeBytes) return writeAll(handle, chunk);
      waiting.set(chunk, waitingBytes);
      waitingBytes += chunk.length;
    },
    async finish() {
      try {
        await flush();
      } finally {
        await handle.close();
      }
      return { path, bytes, longestRecord: Math.max(longestRecord, openRecord) };
    },
    abandon: () => handle.close(),
  };
}

/** A full disk may take a part only. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}

import { rm } from 'node:fs/promises';
import type { ByteStream } from '../bytes.ts';
import { isCatchmentError, retryable } from '../errors.ts';
import type { Quarantined } from '../rows/check.ts';
import { detailedRows } from './checked-rows.ts';
import type { Segment } from './cut-segments.ts';
import { cutSegments } from './cut-segments.ts';
import type { LoadedFile } from './file-load.ts';
import type { Filled } from './segment-queue.ts';
import { createQueue } from './segment-queue.ts';
import type { TextFormat } from './text-cells.ts';
import { cheapestText } from './text-cells.ts';

export interface SegmentReading {
  readonly streams: readonly ByteStream[];
  /** Where the segments are written; each is deleted once it is loaded. */
  readonly folder: string;
  /** Name of the table, for errors. */
  readonly where: string;
  /** @default 64 MB */
  readonly segmentBytes?: number | undefined;
  /** See `CutOptions`. */
  readonly segmentRows?: number | undefined;
  /** Most segments that are loaded together. @default 1 */
  readonly together?: number | undefined;
  /** Loads segments that have the same columns, one call after the other, in any order of the streams. */
  readonly load: (
    segments: readonly Segment[],
    stream: ByteStream,
    format: TextFormat,
  ) => Promise<LoadedFile>;
}

export interface SegmentsRead {
  readonly read: number;
  readonly loaded: number;
  readonly bytes: number;
  readonly announced: number | undefined;
  readonly quarantined: readonly Quarantined[];
}

/** Large enough for DuckDB's threads to share, small enough that four of them need no thought of the disk. */
const defaultSegmentBytes = 64 * 2 ** 20;

/** Streams that are read side by side: one more would only wait for the same disk and the same reader. */
export const streamsAtOnce = 2;

/** Segments of a stream that wait beside the one that is loaded, so that those of two streams are loaded together. */
const waitingSegments = 1;

/**
 * Reads streams of text in segments: while one is loaded, the next ones fill. Disk and memory in use do not grow with the
 * streams: two streams are read at a time, and each has at most one segment that fills, one that waits and one that is
 * loaded.
 *
 * @throws retryable `vendor` when a stream breaks off; what `load` throws
 */
export async function readSegments(request: SegmentReading): Promise<SegmentsRead> {
  const { streams, folder, where, segmentBytes = defaultSegmentBytes, segmentRows, load } = request;
  const waiting = [...streams.entries()];
  let [read, loaded, bytes] = [0, 0, 0];
  let announced: number | undefined;
  const quarantined: Quarantined[] = [];
  let hasFailed = false;

  const loadAll = async (batch: readonly Filled[]): Promise<void> => {
    const [first] = batch;
    if (first === undefined || hasFailed) return;
    const segments = batch.map(({ segment }) => segment);
    const result = await load(segments, first.stream, first.format).catch((error: unknown) => {
      hasFailed = true;
      throw error;
    });
    for (const { path } of segments) await rm(path);
    for (const row of result.quarantined.slice(0, detailedRows - quarantined.length))
      quarantined.push(row.row === undefined ? row : { ...row, row: row.row + read });
    read += result.read;
    loaded += result.loaded;
  };
  const queue = createQueue(loadAll, request.together ?? 1);

  const readStream = async (stream: ByteStream, name: string): Promise<void> => {
    const format = cheapestText(stream);
    const { chunks, rows } = stream.open(format);
    const counted = async function* () {
      try {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          yield chunk;
        }
      } catch (cause) {
        throw brokenOff(where, cause);
      }
    };
    const cutting = { format, folder, name, segmentBytes, segmentRows, where };
    const offered: Promise<void>[] = [];
    for await (const segment of cutSegments(counted(), cutting)) {
      if (offered.length > waitingSegments) await offered.shift();
      if (hasFailed) return;
      const loading = queue.add({ segment, stream, format });
      loading.catch(() => undefined);
      offered.push(loading);
    }
    await Promise.all(offered);
    const count = rows();
    if (count !== undefined) announced = (announced ?? 0) + count;
  };

  const runLane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !hasFailed; next = waiting.shift())
      await readStream(next[1], `stream-${next[0]}`).catch((error: unknown) => {
        hasFailed = true;
        throw error;
      });
  };

  const ends = await Promise.allSettled(Array.from({ length: streamsAtOnce }, runLane));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { read, loaded, bytes, announced, quarantined };
}

function brokenOff(where: string, cause: unknown): unknown {
  if (isCatchmentError(cause)) return cause;
  return retryable('vendor', {
    where,
    what: `a stream of rows broke off (${cause instanceof Error ? cause.message : String(cause)})`,
    todo: 'nothing of it was loaded; the next run reads it again',
    cause,
  });
}

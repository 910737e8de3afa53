import type { DuckDBConnection } from '@duckdb/node-api';
import type { ByteStream } from '../../bytes.ts';
import type { Care } from '../../files/file-load.ts';
import { inspectSegments, loadBytes } from '../../files/load-bytes.ts';
import type { FilesInStage } from '../../files/load-request.ts';
import { readSegments } from '../../files/read-segments.ts';
import type { TableTarget } from '../../pipeline.ts';
import { createScratch } from '../../run/scratch.ts';

export interface PipeRequest {
  readonly target: TableTarget;
  readonly origin: string;
  readonly streams: readonly ByteStream[];
  /** SQL of the table to fill. */
  readonly into: string;
  readonly care: Care;
  /** Segments that are read at the same time, each by one thread. */
  readonly threads: number;
  /** Runs with the connection that sees the table. */
  readonly use: <T>(work: (connection: DuckDBConnection) => Promise<T>) => Promise<T>;
}

/**
 * As many rows as a row group has: a thread that reads so many writes them where they stay, and copies smaller leavings
 * once more, which costs half of the work again (1.5.5). 42 MB of rows of 340 bytes.
 */
const segment = { segmentRows: 122_880, segmentBytes: 48 * 2 ** 20 };

/** Reads byte streams into a table, segment by segment. */
export async function pipeStreams(request: PipeRequest): Promise<FilesInStage> {
  const { target, origin, streams, into, care, threads, use } = request;
  const scratch = createScratch();
  try {
    const { loaded, ...read } = await readSegments({
      streams,
      folder: await scratch.folder(),
      where: target.name,
      ...segment,
      together: care === 'fast' ? threads : 1,
      load: (segments, stream, format) => {
        const file = inspectSegments(segments, target.name);
        return use((connection) =>
          loadBytes({ connection, target, origin, into, care, file }, stream, format),
        );
      },
    });
    return { ...read, staged: loaded, drift: [] };
  } finally {
    await scratch.remove();
  }
}

import type { DuckDBConnection } from '@duckdb/node-api';
import type { ByteStream } from '../../bytes.ts';
import type { Care } from '../../files/file-load.ts';
import { inspectSegment, loadBytes } from '../../files/load-bytes.ts';
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
  /** Runs with the connection that sees the table. */
  readonly use: <T>(work: (connection: DuckDBConnection) => Promise<T>) => Promise<T>;
}

/**
 * Many small ones keep DuckDB busy from the first megabytes on, and leave little to load when the streams have ended;
 * with its row groups kept open between them, one thread does no more work for them than for large ones.
 */
const segmentBytes = 16 * 2 ** 20;

/** Reads byte streams into a table, segment by segment. */
export async function pipeStreams(request: PipeRequest): Promise<FilesInStage> {
  const { target, origin, streams, into, care, use } = request;
  const scratch = createScratch();
  try {
    const { loaded, ...read } = await readSegments({
      streams,
      folder: await scratch.folder(),
      where: target.name,
      segmentBytes,
      load: (segment, stream, format) => {
        const file = inspectSegment(segment, target.name);
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

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

/** Reads byte streams into a table, segment by segment. */
export async function pipeStreams(request: PipeRequest): Promise<FilesInStage> {
  const { target, origin, streams, into, care, use } = request;
  const scratch = createScratch();
  try {
    const { loaded, ...read } = await readSegments({
      streams,
      folder: await scratch.folder(),
      where: target.name,
      load: (segment, { columns }) =>
        use((connection) =>
          loadBytes(
            { connection, target, origin, into, care, file: inspectSegment(segment, target.name) },
            columns,
          ),
        ),
    });
    return { ...read, staged: loaded, drift: [] };
  } finally {
    await scratch.remove();
  }
}

import type { DuckDBConnection } from '@duckdb/node-api';
import type { ByteStream } from '../../bytes.ts';
import { inspectSegment, loadBytes } from '../../files/load-bytes.ts';
import type { FilesInStage } from '../../files/load-request.ts';
import { readSegments } from '../../files/read-segments.ts';
import type { TableTarget } from '../../pipeline.ts';
import { createScratch } from '../../run/scratch.ts';

interface PipeRequest {
  readonly target: TableTarget;
  readonly stageTable: string;
  readonly origin: string;
  readonly streams: readonly ByteStream[];
}

/** Reads byte streams into a stage. */
export async function pipeStreams(
  connection: DuckDBConnection,
  { target, stageTable, origin, streams }: PipeRequest,
): Promise<FilesInStage> {
  const scratch = createScratch();
  try {
    const { loaded, ...read } = await readSegments({
      streams,
      folder: await scratch.folder(),
      where: target.name,
      load: (segment, { columns }) =>
        loadBytes(
          { connection, target, origin, into: stageTable, file: inspectSegment(segment, target.name) },
          columns,
        ),
    });
    return { ...read, staged: loaded, drift: [] };
  } finally {
    await scratch.remove();
  }
}

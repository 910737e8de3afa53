import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ByteStream } from '../../bytes.ts';
import { inspectSegment, loadBytes } from '../../files/load-bytes.ts';
import type { FilesInStage } from '../../files/load-request.ts';
import { readSegments } from '../../files/read-segments.ts';
import type { TableTarget } from '../../pipeline.ts';

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
  const folder = await mkdtemp(join(tmpdir(), 'catchment-pipe-'));
  try {
    const { loaded, ...read } = await readSegments({
      streams,
      folder,
      where: target.name,
      load: (segment, { columns }) =>
        loadBytes(
          { connection, target, origin, into: stageTable, file: inspectSegment(segment, target.name) },
          columns,
        ),
    });
    return { ...read, staged: loaded, drift: [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

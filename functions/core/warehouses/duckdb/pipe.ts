import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { ByteStream } from '../../bytes.ts';
import { isCatchmentError, retryable } from '../../errors.ts';
import { loadBytes } from '../../files/load-bytes.ts';
import type { FilesInStage } from '../../files/load-request.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Quarantined } from '../../rows/check.ts';

interface PipeRequest {
  readonly target: TableTarget;
  readonly stageTable: string;
  readonly origin: string;
  readonly streams: readonly ByteStream[];
}

/** Reads byte streams into a stage, one after another. */
export async function pipeStreams(
  connection: DuckDBConnection,
  { target, stageTable, origin, streams }: PipeRequest,
): Promise<FilesInStage> {
  const folder = await mkdtemp(join(tmpdir(), 'catchment-pipe-'));
  let [read, staged, bytes] = [0, 0, 0];
  let announced: number | undefined;
  const quarantined: Quarantined[] = [];
  try {
    for (const [index, stream] of streams.entries()) {
      const path = join(folder, `${index}.csv`);
      const { chunks, rows } = stream.open('csv');
      let size = 0;
      try {
        await pipeline(async function* () {
          for await (const chunk of chunks) {
            size += chunk.length;
            yield chunk;
          }
        }, createWriteStream(path));
      } catch (cause) {
        if (isCatchmentError(cause)) throw cause;
        throw retryable('vendor', {
          where: target.name,
          what: `a stream of rows broke off (${(cause as Error).message})`,
          todo: 'nothing of it was loaded; run it again',
          cause,
        });
      }
      bytes += size;
      const counted = rows();
      if (counted !== undefined) announced = (announced ?? 0) + counted;
      if (size === 0) continue;
      const file = {
        ref: { path, format: 'csv', header: false } as const,
        where: target.name,
        bytes: size,
        compression: 'none' as const,
        head: Buffer.alloc(0),
      };
      const loaded = await loadBytes({ connection, target, origin, into: stageTable, file }, stream.columns);
      for (const row of loaded.quarantined)
        quarantined.push(row.row === undefined ? row : { ...row, row: row.row + read });
      read += loaded.read;
      staged += loaded.loaded;
      await rm(path);
    }
    return { read, staged, bytes, announced, quarantined, drift: [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

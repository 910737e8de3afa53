import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createScratch } from '../run/scratch.ts';
import { literal, pathLiteral } from './quote.ts';

/** Bytes of a file and where they stand in it. */
export interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * The first rows of a Parquet file of which only some bytes are here: its first row group and its footer. Between them the
 * file that is read has a hole.
 *
 * @returns cells in the order of the file, JSON-ready
 */
export async function firstRows(pieces: readonly Piece[], count: number): Promise<readonly unknown[][]> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const scratch = createScratch();
  try {
    const path = join(await scratch.folder(), 'head.parquet');
    const file = await open(path, 'w');
    for (const { at, bytes } of pieces) await file.write(bytes, 0, bytes.length, at);
    await file.close();
    const instance = await DuckDBInstance.create(':memory:', {
      // More would read ahead, into the hole.
      threads: '1',
      memory_limit: '512MB',
      autoinstall_known_extensions: 'false',
    });
    try {
      const connection = await instance.connect();
      await connection.run(`set TimeZone = ${literal('UTC')}`);
      const reader = await connection.runAndReadAll(
        `from read_parquet(${pathLiteral(path)}) limit ${Math.trunc(count)}`,
      );
      const rows = reader.getRowsJson();
      connection.closeSync();
      return rows;
    } finally {
      instance.closeSync();
    }
  } finally {
    await scratch.remove();
  }
}

import { availableParallelism } from 'node:os';
import { streamsAtOnce } from '../../files/read-segments.ts';
import type { Database } from './database.ts';
import { keepOrder } from './database.ts';

/** Threads of DuckDB that load the segments of streams: one for each that is read at a time, as far as there are cores. */
export function segmentThreads(cores = availableParallelism()): number {
  return Math.min(cores, streamsAtOnce);
}

/** Settings of the whole file while one statement runs. */
export interface InsertSettings {
  /**
   * Rows may come in any order, which halves the work of several threads: with their order kept, DuckDB writes a third
   * of them twice (1.5.5).
   */
  readonly anyOrder: boolean;
}

/**
 * Runs a statement alone among all writers, under settings that end with it. They are set on the connection that
 * writers share, because one whose transaction was aborted cannot set them back.
 */
export function insertAlone<T>(
  database: Database,
  { anyOrder }: InsertSettings,
  work: () => Promise<T>,
): Promise<T> {
  return database.write(async (connection) => {
    try {
      if (anyOrder) await connection.run('SET preserve_insertion_order = false');
      return await work();
    } finally {
      await connection.run(keepOrder);
    }
  });
}

/**
 * Runs many statements with so many of DuckDB's threads, of which each change costs some milliseconds. Others who write
 * to the file meanwhile have no more of them, and no less when two loads end one after the other.
 */
export async function withThreads<T>(
  database: Database,
  threads: number,
  work: () => Promise<T>,
): Promise<T> {
  await database.write((connection) => connection.run(`SET threads = ${threads}`));
  try {
    return await work();
  } finally {
    await database.write((connection) => connection.run('RESET threads'));
  }
}

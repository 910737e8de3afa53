import { availableParallelism } from 'node:os';
import type { Database } from './database.ts';
import { keepOrder } from './database.ts';

/**
 * Threads of DuckDB that load the segments of a stream: the other half of the machine is the source's. On two cores, two
 * threads cost 1.1 to 1.5 times the work of one for segments of 16 to 64 MB, and 200 MB more memory (1.5.5).
 */
export function segmentThreads(cores = availableParallelism()): number {
  return Math.max(1, Math.floor(cores / 2));
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

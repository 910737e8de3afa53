import { availableParallelism } from 'node:os';
import { literal } from '../../files/quote.ts';
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
 * Runs the statements that load streams, with so many of DuckDB's threads and seven tenths of its memory: the rest is
 * for what threads hold beside it, some 150 MB for each that compresses rows (1.5.5). Each change of the threads costs
 * some milliseconds, so they are not changed for each statement. Others who write to the file meanwhile have as little.
 */
export async function forStreams<T>(database: Database, threads: number, work: () => Promise<T>): Promise<T> {
  const { memoryLimit } = database;
  const [, amount, unit = ''] = /^([\d.]+)\s*(\w+)$/.exec(memoryLimit.trim()) ?? [];
  await database.write(async (connection) => {
    await connection.run(`SET threads = ${threads}`);
    // What is in use may not fit into less: then it stays as it is.
    if (threads > 1 && amount !== undefined)
      await connection.run(`SET memory_limit = '${0.7 * Number(amount)}${unit}'`).catch(() => undefined);
  });
  try {
    return await work();
  } finally {
    await database.write(async (connection) => {
      await connection.run('RESET threads');
      await connection.run(`SET memory_limit = ${literal(memoryLimit)}`);
    });
  }
}

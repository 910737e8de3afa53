import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { sqliteError } from './errors.ts';

/** One open file. SQLite's calls are synchronous, so a transaction is never interleaved with another of this process. */
export interface Database {
  readonly path: string;
  /** Runs in one transaction that holds the write lock from its start; any error rolls back. */
  transaction<T>(work: (sql: Sql) => T): T;
  /**
   * The same for what may be lost with the power, which waits for no disk. The next `transaction` brings it to the disk
   * with its own pages.
   */
  draft<T>(work: (sql: Sql) => T): T;
  read<T>(work: (sql: Sql) => T): T;
  close(): void;
}

/** Statements on one connection. */
export interface Sql {
  run(sql: string, ...values: SQLInputValue[]): number;
  rows(sql: string, ...values: SQLInputValue[]): readonly (readonly SQLOutputValue[])[];
  count(sql: string, ...values: SQLInputValue[]): number;
  readonly connection: DatabaseSync;
}

/**
 * Opens a file, or creates it with its folder. Readers see the last commit while somebody writes (write-ahead log), and a
 * commit that was told to be done survives the end of the process; `synchronous = FULL` lets it survive the end of the
 * power as well.
 *
 * @param patienceMs how long a transaction waits for another process
 */
export async function openDatabase(path: string, patienceMs: number): Promise<Database> {
  const { DatabaseSync } = await import('node:sqlite');
  const connection = attempt(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    const opened = new DatabaseSync(path, { timeout: patienceMs });
    opened.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA cache_size = -65536');
    return opened;
  });
  const sql = statementsOf(connection);
  let isOpen = true;
  const inTransaction =
    (synchronous: 'FULL' | 'NORMAL') =>
    <T>(work: (sql: Sql) => T): T =>
      attempt(path, () => {
        connection.exec(`PRAGMA synchronous = ${synchronous}; BEGIN IMMEDIATE`);
        try {
          const result = work(sql);
          connection.exec('COMMIT');
          return result;
        } catch (error) {
          // A full disk rolls back by itself.
          if (connection.isTransaction) connection.exec('ROLLBACK');
          throw error;
        }
      });
  return {
    path,
    transaction: inTransaction('FULL'),
    draft: inTransaction('NORMAL'),
    read: (work) => attempt(path, () => work(sql)),
    close() {
      if (isOpen) connection.close();
      isOpen = false;
    },
  };
}

/** Integers come back as bigint, so none loses digits. */
export function statementsOf(connection: DatabaseSync): Sql {
  const rows: Sql['rows'] = (sql, ...values) => {
    const statement = connection.prepare(sql);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    return statement.all(...values) as unknown as SQLOutputValue[][];
  };
  return {
    connection,
    rows,
    run: (sql, ...values) => Number(connection.prepare(sql).run(...values).changes),
    count: (sql, ...values) => Number(rows(sql, ...values)[0]?.[0] ?? 0),
  };
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw sqliteError(error, path);
  }
}

import { mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DuckDBConnection, DuckDBInstance, DuckDBValue } from '@duckdb/node-api';
import { literal } from '../../files/quote.ts';
import { duckdbError, isConflict } from './errors.ts';

/** One open file: a connection that writes, a way to read beside it, and a lock that keeps writers apart. */
export interface Database {
  readonly path: string;
  /** Holds the TEMP tables of the stages; use it inside `write` only. */
  readonly connection: DuckDBConnection;
  /** Runs alone among all writers of this file in this process. DuckDB's own transactions are optimistic and would fail. */
  write<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /** Runs in one transaction; any error rolls back. Runs again when somebody else's connection was faster. */
  transaction<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /** Runs on a connection of its own, beside writers. */
  read<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /** A connection of its own, for a transaction that lasts; whoever asked closes it. */
  connect(): Promise<DuckDBConnection>;
  /** What DuckDB may hold in memory, in its own words, such as `512MB`: said by who opened the file first. */
  readonly memoryLimit: string;
  /** True when somebody else in this process has the file open too. */
  isShared(): boolean;
  close(): Promise<void>;
}

/** One per file and process, shared by all copies of this module (each bundle has its own). */
interface SharedFile {
  readonly memoryLimit: string;
  instance: Promise<DuckDBInstance>;
  users: number;
  /** The last writer in the queue. */
  tail: Promise<unknown>;
}

/**
 * Inserts keep the order of their rows, which is DuckDB's default: of staged rows with one key the last one counts. The
 * setting is the whole file's, and an aborted transaction cannot set it back.
 */
export const keepOrder = 'SET preserve_insertion_order = true';

const registry = sharedRegistry();

/** Attempts of a transaction that others outran. */
const attempts = 5;

/**
 * DuckDB would name the database after its file, and then not tell `estate.runs` of a dataset `estate` from a table `runs`
 * of `estate.duckdb`. No dataset can have this name.
 */
export const catalog = '"catchment:file"';

/** Opens a file, or shares it when this process has it open already. Its folder is created. */
export async function openDatabase(anyPath: string, memoryLimit: string): Promise<Database> {
  const path = await placeOf(anyPath);
  const file = await share(path, memoryLimit);
  const instance = await file.instance;
  const connection = await connect(instance, path);
  let isOpen = true;

  const write: Database['write'] = (work) => {
    const turn = file.tail.then(() => work(connection));
    file.tail = turn.catch(() => undefined);
    return turn.catch((error: unknown) => {
      throw duckdbError(error, path);
    });
  };

  return {
    path,
    connection,
    write,
    transaction: (work) =>
      write(async () => {
        for (let attempt = 1; ; attempt += 1) {
          try {
            return await inTransaction(connection, work);
          } catch (error) {
            if (!isConflict(error) || attempt === attempts) throw error;
            await sleep(10 * 2 ** attempt);
          }
        }
      }),
    async read(work) {
      const reader = await connect(instance, path);
      try {
        return await work(reader);
      } catch (error) {
        throw duckdbError(error, path);
      } finally {
        reader.closeSync();
      }
    },
    connect: () => connect(instance, path),
    memoryLimit: file.memoryLimit,
    isShared: () => file.users > 1,
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await file.tail;
      connection.closeSync();
      file.users -= 1;
      if (file.users > 0) return;
      registry.delete(path);
      // Closing the last handle writes the log into the file.
      instance.closeSync();
    },
  };
}

/** Rows as plain arrays. */
export async function rowsOf(
  connection: DuckDBConnection,
  sql: string,
  values: DuckDBValue[] = [],
): Promise<readonly (readonly DuckDBValue[])[]> {
  return (await connection.runAndReadAll(sql, values)).getRows();
}

/** The first row, all of whose columns are counts. */
export async function countsOf(
  connection: DuckDBConnection,
  sql: string,
  values: DuckDBValue[] = [],
): Promise<readonly number[]> {
  const [row = []] = await rowsOf(connection, sql, values);
  return row.map(Number);
}

/** Runs a statement that writes, and says how many rows it changed. */
export async function changeRows(
  connection: DuckDBConnection,
  sql: string,
  values: DuckDBValue[] = [],
): Promise<number> {
  return (await connection.run(sql, values)).rowsChanged;
}

async function inTransaction<T>(
  connection: DuckDBConnection,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  try {
    const result = await work(connection);
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // DuckDB has rolled back already when the COMMIT itself failed.
    await connection.run('ROLLBACK').catch(() => undefined);
    await connection.run(keepOrder).catch(() => undefined);
    throw error;
  }
}

/**
 * The real place of a file, which may not exist yet: a process that opened one file by two names would damage it,
 * because the lock of the system keeps only other processes away.
 */
async function placeOf(path: string): Promise<string> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const folder = await realpath(dirname(path));
    return await realpath(path).catch(() => join(folder, basename(path)));
  } catch (error) {
    throw duckdbError(error, path);
  }
}

async function share(path: string, memoryLimit: string): Promise<SharedFile> {
  const known = registry.get(path);
  if (known !== undefined) {
    known.users += 1;
    return known;
  }
  const instance = create(path, memoryLimit);
  const file: SharedFile = { memoryLimit, instance, users: 1, tail: Promise.resolve() };
  registry.set(path, file);
  try {
    await file.instance;
  } catch (error) {
    registry.delete(path);
    throw duckdbError(error, path);
  }
  return file;
}

async function create(path: string, memoryLimit: string): Promise<DuckDBInstance> {
  const { DuckDBInstance, DuckDBTimestampTZValue } = await import('@duckdb/node-api');
  // The binding prints TIMESTAMPTZ in the zone of the machine; everything here is UTC.
  DuckDBTimestampTZValue.timezoneOffsetInMinutes = 0;
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: memoryLimit,
    temp_directory: `${path}.tmp`,
    // Nothing is fetched from the network behind anybody's back.
    autoinstall_known_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    // The storage of DuckDB 1.4 (long-term support) and later: its strings take a quarter less work to write than those
    // of the default, which DuckDB 0.10 can still read. A file keeps the version it was made with.
    await connection.run(`ATTACH ${literal(path)} AS ${catalog} (STORAGE_VERSION 'v1.4.0')`);
    connection.closeSync();
    return instance;
  } catch (error) {
    instance.closeSync();
    throw error;
  }
}

async function connect(instance: DuckDBInstance, path: string): Promise<DuckDBConnection> {
  try {
    const connection = await instance.connect();
    await connection.run(`USE ${catalog}; SET TimeZone = 'UTC'`);
    return connection;
  } catch (error) {
    throw duckdbError(error, path);
  }
}

function sharedRegistry(): Map<string, SharedFile> {
  const holder = globalThis as { [key: symbol]: unknown };
  const key = Symbol.for('catchment.duckdb');
  holder[key] ??= new Map<string, SharedFile>();
  return holder[key] as Map<string, SharedFile>;
}

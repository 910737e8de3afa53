import { mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { duckdbError } from './errors.ts';
import { literal } from './names.ts';

export type DuckdbApi = typeof import('@duckdb/node-api');

/** One DuckDB file of this process. */
export interface Database {
  readonly path: string;
  readonly api: DuckdbApi;
  /** Runs one write after another: DuckDB's transactions are optimistic, and the slower of two would fail. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  connect(): Promise<DuckDBConnection>;
  /** Gives the file back; the last one closes it. Connections must be closed before. */
  close(): Promise<void>;
}

interface OpenFile {
  readonly instance: DuckDBInstance;
  users: number;
  /** The last write that was queued. */
  tail: Promise<unknown>;
}

/**
 * Opens a file, or shares it when this process has it open already: the registry is on `globalThis`, because each
 * bundle of a source brings a copy of this module. Its folder is created.
 *
 * @param options.memoryLimit such as `512MB`; the first one to open the file decides
 */
export async function openDatabase(options: {
  readonly path: string;
  readonly memoryLimit: string;
}): Promise<Database> {
  const api = await import('@duckdb/node-api');
  const path = await placeOf(options.path);
  const files = registry();
  const opening = files.get(path) ?? openFile(api, path, options.memoryLimit);
  files.set(path, opening);
  let file: OpenFile;
  try {
    file = await opening;
  } catch (error) {
    files.delete(path);
    throw duckdbError(error, path);
  }
  file.users += 1;

  return {
    path,
    api,
    alone(work) {
      const done = file.tail.then(work, work);
      file.tail = done.catch(() => undefined);
      return done;
    },
    async connect() {
      const connection = await file.instance.connect();
      await connection.run(`SET TimeZone = 'UTC'`);
      return connection;
    },
    async close() {
      file.users -= 1;
      if (file.users > 0) return;
      files.delete(path);
      await checkpoint(file.instance);
      file.instance.closeSync();
    },
  };
}

async function placeOf(path: string): Promise<string> {
  const folder = dirname(path);
  try {
    await mkdir(folder, { recursive: true });
    return join(await realpath(folder), basename(path));
  } catch (error) {
    throw duckdbError(error, path);
  }
}

async function openFile(api: DuckdbApi, path: string, memoryLimit: string): Promise<OpenFile> {
  const instance = await api.DuckDBInstance.fromCache(path);
  const connection = await instance.connect();
  try {
    await connection.run(`SET memory_limit = ${literal(memoryLimit)}`);
    await connection.run(`SET temp_directory = ${literal(`${path}.tmp`)}`);
    // Nothing is fetched from the network behind a person's back.
    await connection.run('SET autoinstall_known_extensions = false');
  } catch (error) {
    connection.closeSync();
    instance.closeSync();
    throw error;
  }
  connection.closeSync();
  return { instance, users: 0, tail: Promise.resolve() };
}

/** Moves the log into the file. When it cannot (a disk that is full), the log stays and is replayed at the next start. */
async function checkpoint(instance: DuckDBInstance): Promise<void> {
  const connection = await instance.connect();
  try {
    await connection.run('CHECKPOINT').catch(() => undefined);
  } finally {
    connection.closeSync();
  }
}

const registryKey = Symbol.for('catchment.duckdb.files');

function registry(): Map<string, Promise<OpenFile>> {
  const place = globalThis as { [registryKey]?: Map<string, Promise<OpenFile>> };
  place[registryKey] ??= new Map();
  return place[registryKey];
}

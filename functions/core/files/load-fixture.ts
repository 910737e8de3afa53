import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { FileRef } from '../extract.ts';
import type { TableTarget } from '../pipeline.ts';
import { checkSchema } from '../schema.ts';
import { loadFiles } from './load.ts';
import type { FilesInStage } from './load-request.ts';
import { columnDefinitions } from './types.ts';

/** A folder for files, and a database to load them into; for the tests of this folder. */
export interface LoadFixture {
  readonly folder: string;
  readonly connection: DuckDBConnection;
  /** Writes a file and gives its path. */
  put(name: string, content: string | Buffer): Promise<string>;
  /** Loads files into an empty stage. Columns are in the words of a schema file. */
  load(columns: readonly object[], files: readonly FileRef[], key?: readonly string[]): Promise<LoadResult>;
  close(): Promise<void>;
}

export interface LoadResult extends FilesInStage {
  /** All rows, also of a deferred SELECT: JSON-ready. */
  readonly rows: readonly Record<string, unknown>[];
}

export async function openFixture(memoryLimit = '512MB'): Promise<LoadFixture> {
  const { DuckDBInstance: Instance } = await import('@duckdb/node-api');
  const folder = await mkdtemp(join(tmpdir(), 'catchment-load-'));
  const instance: DuckDBInstance = await Instance.create(':memory:', { memory_limit: memoryLimit });
  const connection = await instance.connect();
  await connection.run("set TimeZone = 'UTC'");
  let stages = 0;
  return {
    folder,
    connection,
    async put(name, content) {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    },
    async load(columns, files, key = []) {
      stages += 1;
      const stageTable = `temp.main."stage ${stages}"`;
      const target = targetOf(columns, key);
      await connection.run(`create temp table "stage ${stages}" (${columnDefinitions(target.columns)})`);
      const loaded = await loadFiles(connection, {
        target,
        stageTable,
        origin: 'here',
        files,
        mayDefer: true,
      });
      if (loaded.select !== undefined) await connection.run(`insert into ${stageTable} ${loaded.select.sql}`);
      const reader = await connection.runAndReadAll(`select * from ${stageTable} order by rowid`);
      return { ...loaded, rows: reader.getRowObjectsJson() };
    },
    async close() {
      connection.closeSync();
      instance.closeSync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function targetOf(columns: readonly object[], key: readonly string[]): TableTarget {
  return {
    declared: 't',
    name: 't',
    dataset: 'd',
    schema: 'files/t',
    key,
    writeMode: 'append',
    cursor: { kind: 'objects' },
    columns: checkSchema(columns, 'schemas/files/t.json'),
  };
}

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { TableTarget } from '../pipeline.ts';
import { duckdbError } from '../warehouses/duckdb/errors.ts';
import type { LoadedFiles } from '../warehouses/warehouse.ts';
import type { Explain } from './load-request.ts';
import { ident, literal } from './quote.ts';
import { columnDefinitions } from './types.ts';
import type { CheckedFormat } from './write-checked.ts';
import { writeChecked } from './write-checked.ts';

/** What a warehouse asks of the checked reader. */
export interface CheckRequest {
  readonly target: TableTarget;
  /** Fills `_origin`. */
  readonly origin: string;
  /** How the good rows are written. */
  readonly to: CheckedFormat;
  /** An empty folder; the caller deletes it. */
  readonly folder: string;
  /** Of the DuckDB inside; more spills to the folder. @default "512MB" */
  readonly memoryLimit?: string | undefined;
}

/** The good rows as one file: the table's columns in order, then `_origin` and `_extra`. */
export interface Checked extends LoadedFiles {
  readonly path: string;
  /** Rows of the file. */
  readonly rows: number;
}

/** What a reader did: the rows are in the stage, or `sql` gives them. */
export interface Collected extends LoadedFiles {
  readonly sql?: string | undefined;
  /** Says what an error of that SQL means. */
  readonly explain?: Explain | undefined;
}

/** Opens a DuckDB that lives as long as `collect` and the writing of what it collected. */
export async function checkWith(
  { target, to, folder, memoryLimit = '512MB' }: CheckRequest,
  collect: (connection: DuckDBConnection, stageTable: string) => Promise<Collected>,
): Promise<Checked> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const spill = join(folder, 'checker.duckdb');
  try {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: memoryLimit,
      temp_directory: join(folder, 'checker.tmp'),
      autoinstall_known_extensions: 'false',
    });
    try {
      const connection = await instance.connect();
      // In a file rows are packed; in memory they would be spilled as they are.
      await connection.run(
        `attach ${literal(spill)} as checker (storage_version 'v1.4.0'); set TimeZone = 'UTC'`,
      );
      const stageTable = `checker.main.${ident('checked')}`;
      await connection.run(`create table ${stageTable} (${columnDefinitions(target.columns)})`);
      const { sql, explain = (error) => error, ...collected } = await collect(connection, stageTable);
      const from = sql === undefined ? stageTable : `(${sql})`;
      const written = await writeChecked(connection, { target, from, to, folder }).catch((error: unknown) => {
        throw explain(error);
      });
      connection.closeSync();
      return { ...collected, ...written };
    } finally {
      instance.closeSync();
      for (const end of ['', '.wal']) await rm(`${spill}${end}`, { force: true });
    }
  } catch (error) {
    throw duckdbError(error, folder);
  }
}

import type { Warehouse } from '../warehouse.ts';
import { commitSlice } from './commit.ts';
import { openDatabase } from './database.ts';
import { dropDeadDrafts } from './draft.ts';
import { createLedger } from './ledger.ts';
import { migrateLedger } from './ledger-tables.ts';
import { queryForPeople } from './query.ts';
import type { DuckdbStage } from './stage.ts';
import { openStage } from './stage.ts';
import { prepareTable } from './tables.ts';

/** Four threads of DuckDB work in this much memory; more is asked for in the stack file. */
const defaultMemoryLimit = '512MB';

/**
 * Opens the embedded warehouse; a file that does not exist is created.
 *
 * @param options.path absolute
 * @throws retryable `warehouse-locked` when another process has the file; fatal `warehouse` when it is no DuckDB file
 */
export async function openDuckdb(options: {
  readonly path: string;
  readonly memoryLimit?: string | undefined;
}): Promise<Warehouse> {
  const database = await openDatabase(options.path, options.memoryLimit ?? defaultMemoryLimit);
  try {
    await database.transaction(async (connection) => {
      await migrateLedger(connection);
      if (!database.isShared()) await dropDeadDrafts(connection);
    });
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    kind: 'duckdb',
    exclusive: true,
    accepts: ['local'],
    ledger: createLedger(database),
    prepare: (targets) =>
      database.transaction(async (connection) => {
        for (const target of targets) await prepareTable(connection, target);
      }),
    openStage: (target, origin, options) => openStage(database, target, origin, options),
    async commit(commit) {
      for (const { stage } of commit.tables) await (stage as DuckdbStage).flush();
      return database.transaction((connection) => commitSlice(connection, commit));
    },
    query: (sql) => database.read((connection) => queryForPeople(connection, sql)),
    close: () => database.close(),
  };
}

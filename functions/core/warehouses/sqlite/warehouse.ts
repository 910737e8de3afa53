import type { Warehouse } from '../warehouse.ts';
import { commitSlice } from './commit.ts';
import { openDatabase } from './database.ts';
import { createLedger } from './ledger.ts';
import { migrateLedger } from './ledger-tables.ts';
import { queryForPeople } from './query.ts';
import type { SqliteStage } from './stage.ts';
import { openStage } from './stage.ts';
import { dropDeadStages } from './stage-tables.ts';
import { prepareTable } from './tables.ts';

/** How long a transaction waits for another process. */
const defaultPatienceMs = 10_000;

/**
 * Opens a warehouse in one SQLite file; a file that does not exist is created. Several processes may have it open, and
 * write one after another. It uses the SQLite of Node.js.
 *
 * @param options.path absolute
 * @throws retryable `warehouse-locked` when another process writes for longer than `patienceMs` (ten
 *   seconds unless said otherwise); fatal `warehouse` when it is no SQLite file
 */
export async function openSqlite(options: {
  readonly path: string;
  readonly patienceMs?: number;
}): Promise<Warehouse> {
  const database = await openDatabase(options.path, options.patienceMs ?? defaultPatienceMs);
  try {
    database.transaction(migrateLedger);
    dropDeadStages(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    kind: 'sqlite',
    exclusive: false,
    accepts: ['local'],
    ledger: createLedger(database),
    prepare: async (targets) =>
      database.transaction((sql) => {
        for (const target of targets) prepareTable(sql, target);
      }),
    openStage: async (target, origin, stageOptions) => openStage(database, target, origin, stageOptions),
    async commit(commit) {
      const outcomes = database.transaction((sql) => commitSlice(sql, commit));
      for (const { stage } of commit.tables) (stage as SqliteStage).settle();
      return outcomes;
    },
    query: (sql) => queryForPeople(database.path, sql),
    close: async () => database.close(),
  };
}

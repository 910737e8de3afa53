import type { Warehouse } from '../warehouse.ts';
import { commit } from './commit.ts';
import type { PostgresConfig } from './database.ts';
import { openDatabase } from './database.ts';
import { createLedger } from './ledger.ts';
import { migrateLedger } from './ledger-tables.ts';
import { queryForPeople } from './query.ts';
import type { StageContext } from './stage.ts';
import { openStage } from './stage.ts';
import { createStageTables } from './stage-tables.ts';
import { prepareTable } from './tables.ts';

/**
 * Opens a PostgreSQL database as a warehouse. Its user needs CREATE on the database for the schemas `catchment` (the
 * ledger), `catchment_stage` and the datasets, or these schemas with CREATE on each.
 *
 * @param secret `{ user, password, ca? }`; undefined for a server on this machine that asks for none
 * @throws fatal `auth` for a login that is refused, fatal `bad-input` for a database that is not there, retryable `network`
 */
export async function openPostgres(config: PostgresConfig, secret: unknown): Promise<Warehouse> {
  const database = await openDatabase(config, secret);
  const tables = createStageTables(database);
  const stages: StageContext = { database, tables, direct: undefined };
  const close = async () => {
    await tables.close();
    await database.close();
  };
  try {
    await database.transaction(migrateLedger);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    kind: 'postgres',
    exclusive: false,
    accepts: ['local'],
    ledger: createLedger(database),
    prepare: (targets) =>
      database.transaction(async (sql) => {
        for (const target of targets) await prepareTable(sql, target);
      }),
    openStage: async (target, origin, options) => openStage(stages, target, origin, options),
    commit: (request) => commit(database, request),
    query: (sql) => queryForPeople(database, sql),
    close,
  };
}

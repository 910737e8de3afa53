import { fatal } from '../../errors.ts';
import type { Warehouse } from '../warehouse.ts';
import type { ClickhouseConfig, ClickhouseHooks } from './client.ts';
import { connect } from './client.ts';
import { commitSlice } from './commit.ts';
import { createLedger } from './ledger.ts';
import type { LedgerReady } from './ledger-tables.ts';
import { prepareLedger } from './ledger-tables.ts';
import { queryForPeople } from './query.ts';
import { openStage } from './stage.ts';
import { prepareTables } from './tables.ts';

/**
 * Opens a ClickHouse server over its HTTP interface. Nothing is asked before the first use. A pipeline's dataset is a
 * database; the ledger is in `config.database`, and what is staged in the database of that name with `_staging`.
 *
 * @param secret `{ user, password }`; undefined for a server that asks for none
 * @throws fatal `bad-input` when the secret has another shape
 */
export function openClickhouse(
  config: ClickhouseConfig,
  secret: unknown,
  hooks: ClickhouseHooks = {},
): Warehouse {
  if (config.secret !== undefined && secret === undefined)
    throw fatal('bad-input', {
      where: config.name,
      what: 'the ClickHouse warehouse was opened without its secret',
      todo: `give it the value of ${config.secret}`,
    });
  const clickhouse = connect(config, secret, hooks);
  let prepared: LedgerReady | undefined;
  const prepare = () => {
    if (prepared !== undefined) return prepared;
    const begun = prepareLedger(clickhouse);
    prepared = begun;
    begun.all.catch(() => {
      if (prepared === begun) prepared = undefined;
    });
    return begun;
  };
  const ready = () => prepare().all;
  return {
    kind: 'clickhouse',
    exclusive: false,
    accepts: ['local'],
    ledger: createLedger(clickhouse, prepare),
    async prepare(targets) {
      await ready();
      await prepareTables(clickhouse, targets);
    },
    async openStage(target, origin, options) {
      await ready();
      return openStage(clickhouse, target, origin, options);
    },
    async commit(commit) {
      await ready();
      return commitSlice(clickhouse, commit);
    },
    query: (sql) => queryForPeople(clickhouse, sql),
    close: async () => clickhouse.close(),
  };
}

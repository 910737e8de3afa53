import { fatal } from '../../errors.ts';
import type { Warehouse } from '../warehouse.ts';
import { commitSlice } from './commit.ts';
import type { Bigquery } from './jobs.ts';
import { createLedger } from './ledger.ts';
import { prepareLedger } from './ledger-tables.ts';
import { queryForPeople } from './query.ts';
import { createRest } from './rest.ts';
import type { BigqueryOptions } from './settings.ts';
import { settle } from './settings.ts';
import { openStage } from './stage.ts';
import { prepareTable } from './tables.ts';

/**
 * Opens a BigQuery dataset over plain REST: no SDK, so that a function starts fast. Nothing is asked before the first
 * use. The account needs `roles/bigquery.dataEditor` on the dataset and `roles/bigquery.jobUser` on the project, no more.
 */
export function openBigquery(options: BigqueryOptions): Warehouse {
  const settings = settle(options);
  const bigquery: Bigquery = { settings, rest: createRest(settings), meter: { billed: 0 } };
  let prepared: Promise<void> | undefined;
  const ready = () => {
    prepared ??= prepareLedger(bigquery).catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };
  return {
    kind: 'bigquery',
    exclusive: false,
    accepts: ['gs'],
    queries: { system: 'bigquery', location: settings.location },
    ledger: createLedger(bigquery, ready),
    async prepare(targets) {
      await ready();
      for (const target of targets) {
        if (target.dataset !== settings.dataset)
          throw fatal('bad-input', {
            where: `${target.dataset}.${target.name}`,
            what: 'the table is in another dataset than the one that was opened',
            got: target.dataset,
            allowed: [settings.dataset],
          });
        await prepareTable(bigquery, target);
      }
    },
    openStage: async (target, origin, options) => openStage(bigquery, target, origin, options),
    commit: (commit) => commitSlice(bigquery, commit),
    query: (sql) => queryForPeople(bigquery, sql),
    billedBytes: () => bigquery.meter.billed,
    close: async () => {},
  };
}

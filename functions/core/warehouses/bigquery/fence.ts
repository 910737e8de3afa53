import { isCatchmentError, retryable } from '../../errors.ts';
import type { Lease } from '../../ledger/ledger.ts';
import type { QueryResult } from '../warehouse.ts';
import type { Bigquery } from './jobs.ts';
import { leaseTable, tableRef } from './names.ts';
import type { Params } from './params.ts';
import type { Script } from './sql.ts';
import { runScript, select } from './sql.ts';

const mark = 'catchment-lease-lost';

/** Ends the script, and with it the transaction it is in. */
export const raiseLost = `RAISE USING MESSAGE = '${mark}'`;

/** Parameters that name a lease. */
export function leaseParams({ lane, fence, holder }: Lease): Params {
  return { lane, fence, holder };
}

/**
 * First statements of a transaction that only the newest holder may make. The update changes no value; it makes
 * BigQuery cancel this transaction or another one that took the lease, or committed in the other lane, meanwhile.
 */
export function fenceStatements({ settings }: Bigquery, lease: Lease): string[] {
  const table = tableRef(settings, leaseTable(lease));
  return [
    `UPDATE ${table} SET fence = fence WHERE TRUE`,
    `IF (SELECT COUNT(*) FROM ${table} WHERE lane = @lane AND fence = @fence AND holder = @holder) = 0 THEN ${raiseLost}`,
    'END IF',
  ];
}

/** @throws retryable `lease-lost` when the script raised it */
export async function runFenced(bigquery: Bigquery, lease: Lease, script: Script): Promise<QueryResult> {
  try {
    return await runScript(bigquery, script);
  } catch (error) {
    if (!isCatchmentError(error) || !error.message.includes(mark)) throw error;
    const { lane } = lease;
    const sql = `SELECT fence FROM ${tableRef(bigquery.settings, leaseTable(lease))} WHERE lane = @lane`;
    const { rows } = await select(bigquery, { what: 'reading the lease', sql, params: { lane } });
    throw retryable('lease-lost', {
      where: `${lease.pipeline}/${lease.group}`,
      what: 'this run was silent for longer than its lease and another one has taken over; its commit is refused',
      got: `fence ${lease.fence}`,
      allowed: `fence ${String(rows[0]?.[0] ?? 'none')}`,
      todo: 'nothing: the newer run does the work',
    });
  }
}

import type { LaneState, Lease, Ledger } from '../../ledger/ledger.ts';
import type { TextRow } from '../../ledger/records.ts';
import { toCursor, toRun, toSlice } from '../../ledger/records.ts';
import { fenceStatements, leaseParams, raiseLost, runFenced } from './fence.ts';
import type { Bigquery } from './jobs.ts';
import { callId } from './jobs.ts';
import { acquire } from './lease.ts';
import { newestRuns, ofLane, script } from './ledger-sql.ts';
import { ledgerRef } from './ledger-tables.ts';
import { leaseTable, tableRef } from './names.ts';
import type { Params } from './params.ts';
import { orNull } from './params.ts';
import type { Statement } from './records.ts';
import { insertCursor, insertRun, insertSlice } from './records.ts';
import { runScript, select } from './sql.ts';

/**
 * The ledger in a BigQuery dataset. Other machines write it as well, so a lease of a dead process lasts until its term
 * ends.
 *
 * @param ready resolves when the ledger's tables exist
 */
export function createLedger(bigquery: Bigquery, ready: () => Promise<void>): Ledger {
  return {
    async acquire(request) {
      await ready();
      return acquire(bigquery, request);
    },
    async renew(lease, now, termMs) {
      const table = tableRef(bigquery.settings, leaseTable(lease));
      const sql = script([
        `UPDATE ${table} SET expires_at = @expires WHERE lane = @lane AND fence = @fence AND holder = @holder`,
        `IF @@row_count = 0 THEN ${raiseLost}`,
        'END IF',
      ]);
      await runFenced(bigquery, lease, {
        what: 'renewing the lease',
        id: callId('renew'),
        sql,
        params: { ...leaseParams(lease), expires: new Date(now.getTime() + termMs) },
      });
    },
    async release(lease) {
      await runScript(bigquery, {
        what: 'giving the lease back',
        id: callId('release'),
        sql:
          `UPDATE ${tableRef(bigquery.settings, leaseTable(lease))} SET holder = NULL, expires_at = NULL ` +
          'WHERE lane = @lane AND fence = @fence AND holder = @holder',
        params: leaseParams(lease),
      });
    },
    async saveRun(run) {
      await ready();
      const id = callId('run');
      await runScript(bigquery, { what: 'recording the run', id, ...insertRun(bigquery, run) });
    },
    async saveCursor(lease, cursor) {
      const what = 'recording a cursor';
      await insertFenced(bigquery, lease, {
        what,
        kind: 'cursor',
        insert: insertCursor(bigquery, cursor, lease),
      });
    },
    async saveFailure(lease, slice) {
      const what = 'recording a slice that failed';
      await insertFenced(bigquery, lease, { what, kind: 'failure', insert: insertSlice(bigquery, slice) });
    },
    // Outside of a transaction, where BigQuery lets one DELETE wait for another, and inserts wait for neither.
    async forgetSlices({ pipeline, group, lane, table, before }) {
      await runScript(bigquery, {
        what: 'forgetting slices',
        id: callId('forget'),
        sql:
          `DELETE FROM ${ledgerRef(bigquery, 'slices')} WHERE ${ofLane} AND \`table\` = @table ` +
          "AND status = 'committed' AND recorded_at < @before",
        params: { pipeline, group, lane, table, before },
      });
    },
    async state({ pipeline, group, lane }) {
      await ready();
      return readState(bigquery, { pipeline, group, lane });
    },
    async runs({ pipeline, limit }) {
      await ready();
      const rows = await textRows(
        bigquery,
        `${newestRuns(bigquery, '@pipeline IS NULL OR pipeline = @pipeline')} ORDER BY started_at DESC, run_id DESC LIMIT @limit`,
        { pipeline: orNull(pipeline, 'STRING'), limit },
      );
      return rows.map(toRun);
    },
  };
}

/** @throws retryable `lease-lost` when another holder has the lease; nothing is inserted then */
async function insertFenced(
  bigquery: Bigquery,
  lease: Lease,
  { what, kind, insert }: { readonly what: string; readonly kind: string; readonly insert: Statement },
): Promise<void> {
  await runFenced(bigquery, lease, {
    what,
    id: callId(kind),
    sql: script(['BEGIN TRANSACTION', ...fenceStatements(bigquery, lease), insert.sql, 'COMMIT TRANSACTION']),
    params: { ...insert.params, ...leaseParams(lease) },
  });
}

async function readState(
  bigquery: Bigquery,
  lane: { readonly pipeline: string; readonly group: string; readonly lane: string },
): Promise<LaneState> {
  const { pipeline, group } = lane;
  const [cursors, slices, runs] = await Promise.all([
    textRows(
      bigquery,
      `SELECT * FROM ${ledgerRef(bigquery, 'cursors')} WHERE ${ofLane} QUALIFY ROW_NUMBER() OVER ` +
        '(PARTITION BY `table`, origin ORDER BY fence DESC, recorded_at DESC, value DESC) = 1',
      lane,
    ),
    textRows(
      bigquery,
      `SELECT * FROM ${ledgerRef(bigquery, 'slices')} WHERE pipeline = @pipeline AND \`group\` = @group ` +
        'QUALIFY ROW_NUMBER() OVER (PARTITION BY slice_id ORDER BY recorded_at DESC, status) = 1 ORDER BY recorded_at, slice_id',
      { pipeline, group },
    ),
    textRows(
      bigquery,
      `SELECT * FROM (${newestRuns(bigquery, ofLane)}) AS r WHERE status != 'running' ORDER BY started_at DESC, run_id DESC LIMIT 1`,
      lane,
    ),
  ]);
  const [lastRun] = runs;
  return {
    cursors: cursors.map(toCursor),
    slices: slices.map(toSlice),
    ...(lastRun === undefined ? {} : { lastRun: toRun(lastRun) }),
  };
}

async function textRows(bigquery: Bigquery, sql: string, params: Params): Promise<readonly TextRow[]> {
  const { columns, rows } = await select(bigquery, { what: 'reading the ledger', sql, params });
  return rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, asText(row[index])])));
}

function asText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

import { fatal, retryable } from '../../errors.ts';
import type { Lease, LeaseRequest } from '../../ledger/ledger.ts';
import type { Bigquery } from './jobs.ts';
import { callId } from './jobs.ts';
import { newestRuns, ofLane, script } from './ledger-sql.ts';
import { ledgerRef } from './ledger-tables.ts';
import { leaseTable, tableRef } from './names.ts';
import { runScript } from './sql.ts';
import { getTable } from './tables.ts';

/** @throws retryable `already-running` while another holder's term lasts */
export async function acquire(bigquery: Bigquery, request: LeaseRequest): Promise<Lease> {
  const { pipeline, group, lane, holder, now, termMs } = request;
  await prepareLeases(bigquery, request);
  const { rows } = await runScript(bigquery, {
    what: 'taking the lease',
    id: callId('acquire'),
    sql: acquireSql(bigquery, request),
    params: { pipeline, group, lane, holder, now, expires: new Date(now.getTime() + termMs) },
  });
  const [taken, fence, since, expires, current] = rows[0] ?? [];
  if (taken === 1) return { pipeline, group, lane, fence: Number(fence), holder };
  if (taken !== 0)
    throw fatal('warehouse', { what: 'BigQuery: the lease has no row', where: `${pipeline}/${group}` });
  throw retryable('already-running', {
    where: `${pipeline}/${group}`,
    what: `a run of this group is going on since ${isoOf(since)} (${lane})`,
    got: current,
    todo: `wait until it ends; if its process is dead, the lease ends by itself at ${isoOf(expires)}`,
  });
}

/** The table is made with a row for each lane, so that taking a lease always updates, and two updates always clash. */
async function prepareLeases(bigquery: Bigquery, request: LeaseRequest): Promise<void> {
  const name = leaseTable(request);
  if ((await getTable(bigquery, name)) !== undefined) return;
  await runScript(bigquery, {
    what: 'creating the table of leases',
    id: callId('leases'),
    sql:
      `CREATE TABLE IF NOT EXISTS ${tableRef(bigquery.settings, name)} AS SELECT @pipeline AS pipeline, ` +
      '@group AS `group`, lane, 0 AS fence, CAST(NULL AS STRING) AS holder, CAST(NULL AS TIMESTAMP) AS taken_at, ' +
      "CAST(NULL AS TIMESTAMP) AS expires_at FROM UNNEST(['incremental', 'backfill']) AS lane",
    params: { pipeline: request.pipeline, group: request.group },
  });
}

/** Also marks the runs of the dead holder. */
function acquireSql(bigquery: Bigquery, request: LeaseRequest): string {
  const table = tableRef(bigquery.settings, leaseTable(request));
  const names = runColumns.map((name) => `\`${name}\``).join(', ');
  const values = runColumns.map((name) => crashed[name] ?? `\`${name}\``).join(', ');
  return script([
    'DECLARE v_taken INT64 DEFAULT 0',
    'DECLARE v_again INT64 DEFAULT 0',
    'DECLARE v_fence INT64',
    'DECLARE v_since TIMESTAMP',
    'DECLARE v_expires TIMESTAMP',
    'DECLARE v_holder STRING',
    'BEGIN TRANSACTION',
    // The holder itself gets its lease again: the tasks of one job share it.
    `UPDATE ${table} SET expires_at = @expires WHERE lane = @lane AND holder = @holder`,
    'SET v_again = @@row_count',
    `UPDATE ${table} SET fence = fence + 1, holder = @holder, taken_at = @now, expires_at = @expires ` +
      'WHERE lane = @lane AND v_again = 0 AND (holder IS NULL OR expires_at <= @now)',
    'SET v_taken = @@row_count',
    `SET v_fence = (SELECT fence FROM ${table} WHERE lane = @lane)`,
    `SET v_since = (SELECT taken_at FROM ${table} WHERE lane = @lane)`,
    `SET v_expires = (SELECT expires_at FROM ${table} WHERE lane = @lane)`,
    `SET v_holder = (SELECT holder FROM ${table} WHERE lane = @lane)`,
    `IF v_taken = 1 THEN INSERT INTO ${ledgerRef(bigquery, 'runs')} (${names}) ` +
      `SELECT ${values} FROM (${newestRuns(bigquery, ofLane)}) AS r WHERE status = 'running'`,
    'END IF',
    'COMMIT TRANSACTION',
    'SELECT v_taken + v_again AS taken, v_fence AS fence, v_since AS since, v_expires AS expires, v_holder AS holder',
  ]);
}

const crashed: Readonly<Record<string, string>> = { status: "'crashed'", finished_at: '@now', version: '1' };

const runColumns = [
  ...['run_id', 'pipeline', 'group', 'lane', 'trigger', 'status', 'started_at', 'finished_at', 'resume_at'],
  ...['slices_planned', 'slices_done', 'slices_failed', 'rows_read', 'rows_loaded', 'rows_unchanged'],
  ...['rows_quarantined', 'bytes', 'api_calls', 'waited_ms', 'bytes_billed', 'error', 'version'],
];

function isoOf(moment: unknown): string {
  return new Date(String(moment)).toISOString();
}

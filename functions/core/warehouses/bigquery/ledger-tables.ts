import { fatal } from '../../errors.ts';
import type { TableField } from './fields.ts';
import type { Bigquery } from './jobs.ts';
import { ledgerPrefix, tableRef } from './names.ts';
import type { Null, Param, Params } from './params.ts';
import { addFields, createTable, getTable } from './tables.ts';

export type LedgerTable = 'runs' | 'cursors' | 'quarantine' | 'drift' | 'slices';

/** Version of these tables. A later one adds NULLABLE columns and raises it. */
const version = 2;

/**
 * Runs, slices and cursors are only ever inserted (old slices of a log are deleted), and the newest row counts: inserts of
 * many pipelines never disturb each other, while BigQuery cancels one of two transactions that update the same table.
 */
const tables: Readonly<Record<LedgerTable, readonly TableField[]>> = {
  runs: [
    ...texts('run_id', 'pipeline', 'group', 'lane', 'trigger', 'status'),
    ...moments('started_at', 'finished_at', 'resume_at'),
    ...integers(
      'slices_planned',
      'slices_done',
      'slices_failed',
      'rows_read',
      'rows_loaded',
      'rows_unchanged',
    ),
    ...integers('rows_quarantined', 'bytes', 'api_calls', 'waited_ms', 'bytes_billed'),
    ...texts('error'),
    // 0 while it runs, 1 when it was found dead, 2 when it ended: the highest is the run's last word.
    ...integers('version'),
  ],
  cursors: [
    ...texts('pipeline', 'group', 'lane', 'table', 'origin', 'value'),
    ...integers('fence'),
    ...moments('recorded_at'),
  ],
  quarantine: [
    ...texts('pipeline', 'group', 'slice_id', 'run_id', 'table'),
    ...integers('row_index'),
    ...texts('path', 'reason', 'masked'),
    ...moments('recorded_at'),
  ],
  drift: [
    ...texts('pipeline', 'table', 'field', 'suggested'),
    ...integers('rows'),
    ...moments('first_seen', 'last_seen'),
  ],
  // The last one to be made: when it is there, all are.
  slices: [
    ...texts('pipeline', 'group', 'lane', 'slice_id', 'table', 'origin'),
    { name: 'window_start', type: 'DATE' },
    { name: 'window_end', type: 'DATE' },
    ...texts('generation', 'status', 'run_id'),
    ...integers('rows_read', 'rows_loaded', 'rows_quarantined', 'source_rows'),
    ...texts('error'),
    ...moments('recorded_at'),
  ],
};

export function ledgerRef({ settings }: Bigquery, table: LedgerTable): string {
  return tableRef(settings, `${ledgerPrefix}${table}`);
}

/** @throws fatal `warehouse` when a newer version made the ledger, or there is no dataset */
export async function prepareLedger(bigquery: Bigquery): Promise<void> {
  const last = await getTable(bigquery, `${ledgerPrefix}slices`);
  if (last !== undefined) {
    const found = Number(last.labels.catchment_ledger);
    if (found === version) return;
    if (found > version)
      throw fatal('warehouse', {
        what: 'the ledger in this warehouse was written by a newer version of Catchment',
        got: last.labels.catchment_ledger,
        allowed: `versions up to ${version}`,
        todo: 'update Catchment',
      });
  }
  const labels = { app: 'catchment', catchment_ledger: String(version) };
  for (const [table, fields] of Object.entries(tables)) {
    const name = `${ledgerPrefix}${table}`;
    if (last === undefined)
      await createTable(bigquery, { name, fields, more: { labels, clustering: { fields: ['pipeline'] } } });
    else await addFields(bigquery, { name, fields, labels });
  }
}

/** An INSERT of one row; its parameters are named after their columns behind `prefix`. */
export function insertRow(
  bigquery: Bigquery,
  table: LedgerTable,
  row: Readonly<Record<string, Param | SqlValue>>,
  prefix: string,
): { readonly sql: string; readonly params: Params } {
  const params: Record<string, Param> = {};
  const values = Object.entries(row).map(([name, value]) => {
    if (isSql(value)) return value.sql;
    params[`${prefix}_${name}`] = value;
    return `@${prefix}_${name}`;
  });
  const names = Object.keys(row).map((name) => `\`${name}\``);
  const sql = `INSERT INTO ${ledgerRef(bigquery, table)} (${names.join(', ')}) VALUES (${values.join(', ')})`;
  return { sql, params };
}

/** A value that the script computes. */
export interface SqlValue {
  readonly sql: string;
}

function isSql(value: Param | SqlValue): value is SqlValue {
  return typeof value === 'object' && 'sql' in value;
}

/** A day as text; its column is a DATE, and BigQuery casts no parameter by itself. */
export function day(value: string | undefined): Null | SqlValue {
  if (value === undefined) return { null: 'DATE' };
  if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) throw fatal('internal', { what: 'this is no day', got: value });
  return { sql: `DATE '${value}'` };
}

function texts(...names: string[]): TableField[] {
  return names.map((name) => ({ name, type: 'STRING' }));
}

function integers(...names: string[]): TableField[] {
  return names.map((name) => ({ name, type: 'INTEGER' }));
}

function moments(...names: string[]): TableField[] {
  return names.map((name) => ({ name, type: 'TIMESTAMP' }));
}

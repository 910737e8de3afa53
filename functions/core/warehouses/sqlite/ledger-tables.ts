import { fatal } from '../../errors.ts';
import type { Sql } from './database.ts';

const owner = 'pipeline TEXT NOT NULL, "group" TEXT NOT NULL';
const lane = `${owner}, lane TEXT NOT NULL`;

/**
 * One list of statements per version of the ledger; a warehouse of an older version gets the newer lists.
 * Never change a list that was released: add one. Moments are ISO texts.
 */
const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE catchment_leases (${lane}, fence INTEGER NOT NULL, holder TEXT, taken_at TEXT, expires_at TEXT,
      PRIMARY KEY (pipeline, "group", lane))`,
    `CREATE TABLE catchment_runs (run_id TEXT PRIMARY KEY, ${lane}, trigger TEXT NOT NULL, status TEXT NOT NULL,
      started_at TEXT NOT NULL, finished_at TEXT, resume_at TEXT, slices_planned INTEGER, slices_done INTEGER,
      slices_failed INTEGER, rows_read INTEGER, rows_loaded INTEGER, rows_unchanged INTEGER, rows_quarantined INTEGER,
      bytes INTEGER, api_calls INTEGER, waited_ms INTEGER, bytes_billed INTEGER, error TEXT)`,
    `CREATE TABLE catchment_slices (${lane}, slice_id TEXT NOT NULL, "table" TEXT NOT NULL, origin TEXT NOT NULL,
      window_start TEXT, window_end TEXT, generation TEXT, status TEXT NOT NULL, run_id TEXT NOT NULL, rows_read INTEGER,
      rows_loaded INTEGER, rows_quarantined INTEGER, source_rows INTEGER, error TEXT, recorded_at TEXT NOT NULL)`,
    'CREATE INDEX catchment_slices_of ON catchment_slices (pipeline, "group", slice_id)',
    `CREATE TABLE catchment_cursors (${lane}, "table" TEXT NOT NULL, origin TEXT NOT NULL, value TEXT NOT NULL,
      recorded_at TEXT NOT NULL, PRIMARY KEY (pipeline, "group", lane, "table", origin))`,
    `CREATE TABLE catchment_quarantine (${owner}, slice_id TEXT NOT NULL, run_id TEXT NOT NULL, "table" TEXT NOT NULL,
      row_index INTEGER, path TEXT NOT NULL, reason TEXT NOT NULL, masked TEXT NOT NULL, recorded_at TEXT NOT NULL)`,
    'CREATE INDEX catchment_quarantine_of ON catchment_quarantine (pipeline, "group", slice_id)',
    `CREATE TABLE catchment_drift (pipeline TEXT NOT NULL, "table" TEXT NOT NULL, field TEXT NOT NULL,
      suggested TEXT NOT NULL, rows INTEGER NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL,
      PRIMARY KEY (pipeline, "table", field))`,
  ],
];

/** Creates the ledger's tables or brings them up to this version. Must run inside a transaction. */
export function migrateLedger(sql: Sql): void {
  sql.run('CREATE TABLE IF NOT EXISTS catchment_ledger_version (version INTEGER NOT NULL)');
  const version = sql.count('SELECT coalesce(max(version), 0) FROM catchment_ledger_version');
  if (version > migrations.length)
    throw fatal('warehouse', {
      what: 'the ledger in this warehouse was written by a newer version of Catchment',
      got: version,
      allowed: `versions up to ${migrations.length}`,
      todo: 'update Catchment',
    });
  for (const statement of migrations.slice(version).flat()) sql.run(statement);
  if (version < migrations.length)
    sql.run('INSERT INTO catchment_ledger_version VALUES (?)', migrations.length);
}

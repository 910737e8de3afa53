import type { DuckDBConnection } from '@duckdb/node-api';
import { fatal } from '../../errors.ts';
import { rowsOf } from './database.ts';

/**
 * One list of statements per version of the ledger; a warehouse of an older version gets the newer lists.
 * Never change a list that was released: add one.
 */
const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE catchment.leases (
      pipeline VARCHAR NOT NULL, "group" VARCHAR NOT NULL, lane VARCHAR NOT NULL,
      fence BIGINT NOT NULL, holder VARCHAR, taken_at TIMESTAMPTZ, expires_at TIMESTAMPTZ)`,
    `CREATE TABLE catchment.runs (
      run_id VARCHAR NOT NULL, pipeline VARCHAR NOT NULL, "group" VARCHAR NOT NULL, lane VARCHAR NOT NULL,
      trigger VARCHAR NOT NULL, status VARCHAR NOT NULL, started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ,
      resume_at TIMESTAMPTZ, slices_planned BIGINT, slices_done BIGINT, slices_failed BIGINT, rows_read BIGINT,
      rows_loaded BIGINT, rows_unchanged BIGINT, rows_quarantined BIGINT, bytes BIGINT, api_calls BIGINT,
      waited_ms BIGINT, error VARCHAR)`,
    `CREATE TABLE catchment.slices (
      pipeline VARCHAR NOT NULL, "group" VARCHAR NOT NULL, lane VARCHAR NOT NULL, slice_id VARCHAR NOT NULL,
      "table" VARCHAR NOT NULL, origin VARCHAR NOT NULL, window_start DATE, window_end DATE, generation VARCHAR,
      status VARCHAR NOT NULL, run_id VARCHAR NOT NULL, rows_read BIGINT, rows_loaded BIGINT, rows_quarantined BIGINT,
      source_rows BIGINT, error VARCHAR, recorded_at TIMESTAMPTZ NOT NULL)`,
    `CREATE TABLE catchment.cursors (
      pipeline VARCHAR NOT NULL, "group" VARCHAR NOT NULL, lane VARCHAR NOT NULL, "table" VARCHAR NOT NULL,
      origin VARCHAR NOT NULL, value VARCHAR NOT NULL, recorded_at TIMESTAMPTZ NOT NULL)`,
    `CREATE TABLE catchment.quarantine (
      pipeline VARCHAR NOT NULL, "group" VARCHAR NOT NULL, slice_id VARCHAR NOT NULL, run_id VARCHAR NOT NULL,
      "table" VARCHAR NOT NULL, row_index BIGINT, path VARCHAR NOT NULL, reason VARCHAR NOT NULL, masked VARCHAR NOT NULL,
      recorded_at TIMESTAMPTZ NOT NULL)`,
    `CREATE TABLE catchment.drift (
      pipeline VARCHAR NOT NULL, "table" VARCHAR NOT NULL, field VARCHAR NOT NULL, suggested JSON NOT NULL,
      rows BIGINT NOT NULL, first_seen TIMESTAMPTZ NOT NULL, last_seen TIMESTAMPTZ NOT NULL)`,
  ],
  ['ALTER TABLE catchment.runs ADD COLUMN bytes_billed BIGINT'],
];

/** Creates the ledger's tables or brings them up to this version. Must run inside a transaction. */
export async function migrateLedger(connection: DuckDBConnection): Promise<void> {
  await connection.run('CREATE SCHEMA IF NOT EXISTS catchment');
  await connection.run('CREATE TABLE IF NOT EXISTS catchment.ledger_version (version BIGINT NOT NULL)');
  const [[found] = []] = await rowsOf(
    connection,
    'SELECT coalesce(max(version), 0) FROM catchment.ledger_version',
  );
  const version = Number(found);
  if (version > migrations.length)
    throw fatal('warehouse', {
      what: 'the ledger in this warehouse was written by a newer version of Catchment',
      got: version,
      allowed: `versions up to ${migrations.length}`,
      todo: 'update Catchment',
    });
  for (const statement of migrations.slice(version).flat()) await connection.run(statement);
  if (version < migrations.length)
    await connection.run('INSERT INTO catchment.ledger_version VALUES ($1)', [BigInt(migrations.length)]);
}

import { fatal } from '../../errors.ts';
import type { Sql } from './database.ts';

const owner = 'pipeline text NOT NULL, "group" text NOT NULL';
const lane = `${owner}, lane text NOT NULL`;

/**
 * One list of statements per version of the ledger; a warehouse of an older version gets the newer lists.
 * Never change a list that was released: add one.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE catchment.leases (${lane}, fence bigint NOT NULL, holder text, taken_at timestamptz,
      expires_at timestamptz, PRIMARY KEY (pipeline, "group", lane))`,
    `CREATE TABLE catchment.runs (run_id text PRIMARY KEY, ${lane}, trigger text NOT NULL, status text NOT NULL,
      started_at timestamptz NOT NULL, finished_at timestamptz, resume_at timestamptz, slices_planned bigint,
      slices_done bigint, slices_failed bigint, rows_read bigint, rows_loaded bigint, rows_unchanged bigint,
      rows_quarantined bigint, bytes bigint, api_calls bigint, waited_ms bigint, error text)`,
    `CREATE TABLE catchment.slices (${lane}, slice_id text NOT NULL, "table" text NOT NULL, origin text NOT NULL,
      window_start date, window_end date, generation text, status text NOT NULL, run_id text NOT NULL,
      rows_read bigint, rows_loaded bigint, rows_quarantined bigint, source_rows bigint, error text,
      recorded_at timestamptz NOT NULL)`,
    `CREATE TABLE catchment.cursors (${lane}, "table" text NOT NULL, origin text NOT NULL, value text NOT NULL,
      recorded_at timestamptz NOT NULL, PRIMARY KEY (pipeline, "group", lane, "table", origin))`,
    `CREATE TABLE catchment.quarantine (${owner}, slice_id text NOT NULL, run_id text NOT NULL, "table" text NOT NULL,
      row_index bigint, path text NOT NULL, reason text NOT NULL, masked text NOT NULL, recorded_at timestamptz NOT NULL)`,
    `CREATE TABLE catchment.drift (pipeline text NOT NULL, "table" text NOT NULL, field text NOT NULL,
      suggested jsonb NOT NULL, rows bigint NOT NULL, first_seen timestamptz NOT NULL, last_seen timestamptz NOT NULL,
      PRIMARY KEY (pipeline, "table", field))`,
  ],
  [
    'CREATE INDEX slices_of ON catchment.slices (pipeline, "group", slice_id)',
    'CREATE INDEX quarantine_of ON catchment.quarantine (pipeline, "group", slice_id)',
    'CREATE INDEX runs_of ON catchment.runs (pipeline, started_at)',
    'ALTER TABLE catchment.runs ADD COLUMN bytes_billed bigint NOT NULL DEFAULT 0',
  ],
];

/** Only one process migrates at a time; any number of its own would do. */
const migrationLock = 8_163_377_190;

/**
 * Creates the ledger's tables or brings them up to this version; `catchment.migrations` says which versions were applied
 * when. Must run inside a transaction.
 *
 * @param upTo for tests: the version to stop at
 */
export async function migrateLedger(sql: Sql, upTo: number = migrations.length): Promise<void> {
  if ((await versionOf(sql)) === upTo) return;
  await sql.run(`SELECT pg_advisory_xact_lock(${migrationLock})`);
  // IF NOT EXISTS would ask for the right to create even where nothing is to be created.
  if (!(await schemaExists(sql, 'catchment'))) await sql.run('CREATE SCHEMA catchment');
  const found = await versionOf(sql);
  if (found === undefined)
    await sql.run(
      'CREATE TABLE catchment.migrations (version bigint PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
  const version = found ?? 0;
  if (version > migrations.length)
    throw fatal('warehouse', {
      what: 'the ledger in this warehouse was written by a newer version of Catchment',
      got: version,
      allowed: `versions up to ${migrations.length}`,
      todo: 'update Catchment',
    });
  for (let next = version + 1; next <= upTo; next += 1) {
    for (const statement of migrations[next - 1] ?? []) await sql.run(statement);
    await sql.run('INSERT INTO catchment.migrations (version) VALUES ($1)', [next]);
  }
}

export async function schemaExists(sql: Sql, name: string): Promise<boolean> {
  return (await sql.rows('SELECT 1 FROM pg_namespace WHERE nspname = $1', [name])).length > 0;
}

/** The newest version that was applied; undefined when the ledger never was. */
async function versionOf(sql: Sql): Promise<number | undefined> {
  const [known] = await sql.rows(`SELECT to_regclass('catchment.migrations') IS NOT NULL AS known`);
  if (known?.known !== true) return undefined;
  const [version] = await sql.counts('SELECT coalesce(max(version), 0) FROM catchment.migrations');
  return version;
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { fatal } from '../../errors.ts';
import type { Clickhouse } from './client.ts';
import { codes, refusalOf } from './errors.ts';
import { ident, tableRef } from './names.ts';
import { prepareDatabases } from './tables.ts';

/** Order of insertion by the server's clock, which is one for all writers. */
const seq = 'seq UInt64 DEFAULT toUnixTimestamp64Nano(now64(9))';

const moment = "DateTime64(3, 'UTC')";

/**
 * One list of statements per version of the ledger, which are sent at once; a warehouse of an older version gets the
 * newer lists. They may run twice, since two runs may bring a new ledger up at once. Never change a list that was
 * released: add one.
 */
const migrations: readonly ((database: string) => readonly string[])[] = [
  (database) => {
    const create = (name: string, columns: readonly string[], engine: string, order: string) =>
      `CREATE TABLE IF NOT EXISTS ${tableRef(database, name)} (${columns.join(', ')}) ENGINE = ${engine} ORDER BY (${order}) SETTINGS non_replicated_deduplication_window = 10000`;
    const lane = ['pipeline String', '`group` String', 'lane String'];
    return [
      // The rows of one fence are its whole story; a token per fence lets the server take only one holder for it.
      create(
        'leases',
        [
          ...lane,
          'fence UInt64',
          'holder String',
          'event String',
          `at ${moment}`,
          `expires_at Nullable(${moment})`,
        ],
        'MergeTree',
        'pipeline, `group`, lane, fence',
      ),
      // 0 while it runs, 1 when it was found dead, 2 when it ended: the highest version is the run's last word.
      create(
        'runs',
        [
          ...['run_id String', ...lane, '`trigger` String', 'status String', `started_at ${moment}`],
          ...[`finished_at Nullable(${moment})`, `resume_at Nullable(${moment})`],
          ...[
            ...[
              'slices_planned',
              'slices_done',
              'slices_failed',
              'rows_read',
              'rows_loaded',
              'rows_unchanged',
            ],
            ...['rows_quarantined', 'bytes', 'api_calls', 'waited_ms', 'bytes_billed'],
          ].map((name) => `${name} UInt64`),
          ...['error Nullable(String)', 'version UInt8'],
        ],
        'ReplacingMergeTree(version)',
        'pipeline, run_id',
      ),
      // A failure stands beside the record of an earlier commit, which says for ever that the slice was appended.
      create(
        'slices',
        [
          ...[...lane, 'slice_id String', '`table` String', 'origin String', 'window_start Nullable(Date32)'],
          ...['window_end Nullable(Date32)', 'generation Nullable(String)', 'status String', 'run_id String'],
          ...[
            'rows_read UInt64',
            'rows_loaded UInt64',
            'rows_quarantined UInt64',
            'source_rows Nullable(UInt64)',
          ],
          ...['error Nullable(String)', `recorded_at ${moment}`, seq],
        ],
        'ReplacingMergeTree(seq)',
        'pipeline, `group`, lane, slice_id, status',
      ),
      create(
        'cursors',
        [...lane, '`table` String', 'origin String', 'value String', 'fence UInt64', `recorded_at ${moment}`],
        'ReplacingMergeTree(fence)',
        'pipeline, `group`, lane, `table`, origin',
      ),
      // Commits that were decided (0) and, in a second row, done (1).
      create(
        'commits',
        [...lane, 'fence UInt64', 'id String', 'plan String', 'state UInt8', `at ${moment}`, seq],
        'ReplacingMergeTree(state)',
        'pipeline, `group`, lane, id',
      ),
      create(
        'quarantine',
        [
          ...['pipeline String', '`group` String', 'slice_id String', 'run_id String', '`table` String'],
          ...[
            'row_index Nullable(UInt64)',
            'path String',
            'reason String',
            'masked String',
            `recorded_at ${moment}`,
          ],
        ],
        'MergeTree',
        'pipeline, `group`, slice_id',
      ),
      create(
        'drift',
        [
          ...['pipeline String', '`table` String', 'field String', 'suggested String', 'rows UInt64'],
          ...[`first_seen ${moment}`, `last_seen ${moment}`, seq],
        ],
        'ReplacingMergeTree(seq)',
        'pipeline, `table`, field',
      ),
    ];
  },
];

/** What of the ledger is ready. */
export interface LedgerReady {
  /** Leases can be taken. */
  readonly leases: Promise<void>;
  readonly all: Promise<void>;
}

/**
 * Creates the ledger's tables or brings them up to this version; one that is up to date is only read. A new one can give
 * a lease while its other tables are made.
 */
export function prepareLedger(clickhouse: Clickhouse): LedgerReady {
  const begun = begin(clickhouse);
  const leases = begun.then(() => undefined);
  // Whoever takes a lease asks before the other tables are made: it is a chain of statements, and they go side by side.
  const all = begun.then((rest) => nextTurn().then(rest));
  // Whoever waits for one of them alone must not leave the failure of the other unheard.
  for (const each of [leases, all]) each.catch(() => undefined);
  return { leases, all };
}

/** Makes what a lease needs. @returns what makes the rest; it is to be called at once */
async function begin(clickhouse: Clickhouse): Promise<() => Promise<void>> {
  const { ledger, staging } = clickhouse;
  const [version] = await Promise.all([
    readVersion(clickhouse),
    prepareDatabases(clickhouse, [ledger, staging]),
  ]);
  if (version > migrations.length)
    throw fatal('warehouse', {
      what: `the ledger in ${ident(ledger)} was written by a newer version of Catchment`,
      got: version,
      allowed: `versions up to ${migrations.length}`,
      todo: 'update Catchment',
    });
  if (version === migrations.length) return async () => undefined;
  const versions = `CREATE TABLE IF NOT EXISTS ${tableRef(ledger, 'ledger_version')} (version UInt32) ENGINE = MergeTree ORDER BY version`;
  const create = (sql: string) => clickhouse.run({ what, sql, isRepeatable: true });
  const [first = [], ...later] = migrations.slice(version).map((statements) => statements(ledger));
  const finish = async (statements: readonly string[]) => {
    await Promise.all([versions, ...statements].map(create));
    for (const newer of later) await Promise.all(newer.map(create));
    await clickhouse.insertRows('ledger_version', [{ version: migrations.length }]);
  };
  const [leases, ...others] = first;
  // Newer lists may change the leases too.
  if (version > 0 || later.length > 0 || leases === undefined) {
    await finish(first);
    return async () => undefined;
  }
  await create(leases);
  return () => finish(others);
}

const what = 'creating the ledger';

/** @returns 0 for a ledger that is not there */
async function readVersion(clickhouse: Clickhouse): Promise<number> {
  try {
    const sql = `SELECT max(version) FROM ${tableRef(clickhouse.ledger, 'ledger_version')}`;
    const [version = 0] = await clickhouse.numbers({ what, sql });
    return version;
  } catch (error) {
    const code = refusalOf(error)?.code;
    if (code === codes.unknownTable || code === codes.unknownDatabase) return 0;
    throw error;
  }
}

import type { LaneState, Lease, Ledger } from '../../ledger/ledger.ts';
import { toCursor, toRun, toSlice } from '../../ledger/records.ts';
import type { Clickhouse } from './client.ts';
import { checkFence, releaseLease, renewLease, takeLease } from './lease.ts';
import type { LedgerReady } from './ledger-tables.ts';
import { laneHash, tableRef } from './names.ts';
import { laneParams, ofLane, saveCursorRow, saveRunRow, saveSliceRow } from './records.ts';
import type { Left } from './recover.ts';
import { dropTables, finishPending, readLeft } from './recover.ts';

/**
 * The ledger in a ClickHouse database. Other machines write it as well, so a lease of a dead process lasts until its
 * term ends. All tables are only ever inserted into, and only old slices of a log are deleted.
 *
 * @param prepare makes the ledger's tables
 */
export function createLedger(clickhouse: Clickhouse, prepare: () => LedgerReady): Ledger {
  const ready = () => prepare().all;
  const ref = (table: string) => tableRef(clickhouse.ledger, table);
  return {
    async acquire(request) {
      const { leases, all } = prepare();
      await leases;
      const { lease, found } = await takeLease(clickhouse, request, async (taken) => {
        await all;
        return readLeft(clickhouse, taken);
      });
      try {
        await all;
        if (found !== undefined) await cleanUp(clickhouse, lease, { left: await found, now: request.now });
      } catch (error) {
        // Nobody got it who could give it back.
        if (found !== undefined) await releaseLease(clickhouse, lease).catch(() => undefined);
        throw error;
      }
      clickhouse.leases.set(laneHash(lease), lease);
      return lease;
    },
    async renew(lease, now, termMs) {
      await checkFence(clickhouse, lease);
      await renewLease(clickhouse, lease, now, termMs);
    },
    async release(lease) {
      clickhouse.leases.delete(laneHash(lease));
      await releaseLease(clickhouse, lease);
    },
    async saveRun(run) {
      await ready();
      await saveRunRow(clickhouse, run);
    },
    async saveFailure(lease, slice) {
      await checkFence(clickhouse, lease);
      await saveSliceRow(clickhouse, slice);
    },
    async saveCursor(lease, cursor) {
      await checkFence(clickhouse, lease);
      await saveCursorRow(clickhouse, lease, cursor);
    },
    async forgetSlices({ table, before, ...of }) {
      await clickhouse.run({
        what: 'forgetting slices',
        sql:
          `DELETE FROM ${ref('slices')} WHERE ${ofLane} AND \`table\` = {t:String} AND status = 'committed' ` +
          "AND recorded_at < parseDateTime64BestEffort({b:String}, 3, 'UTC')",
        params: { ...laneParams(of), t: table, b: before.toISOString() },
        isRepeatable: true,
      });
    },
    async state(of) {
      await ready();
      return readState(clickhouse, of);
    },
    async runs({ pipeline, limit }) {
      await ready();
      const rows = await clickhouse.textRows({
        what: 'reading runs',
        sql:
          `SELECT * FROM ${ref('runs')} FINAL WHERE {p:Nullable(String)} IS NULL OR pipeline = {p:Nullable(String)} ` +
          `ORDER BY started_at DESC, run_id DESC LIMIT ${Math.trunc(limit)}`,
        params: { p: pipeline ?? null },
      });
      return rows.map(toRun);
    },
  };
}

/** Ends what earlier holders began. */
async function cleanUp(
  clickhouse: Clickhouse,
  lease: Lease,
  { left, now }: { readonly left: Left; readonly now: Date },
): Promise<void> {
  await finishPending(clickhouse, lease, left.plans);
  await dropTables(clickhouse, left.tables);
  if (left.running > 0) await markCrashed(clickhouse, lease, now);
}

async function markCrashed(clickhouse: Clickhouse, lease: Lease, now: Date): Promise<void> {
  const runs = tableRef(clickhouse.ledger, 'runs');
  await clickhouse.run({
    what: 'marking the runs of a dead holder',
    sql:
      `INSERT INTO ${runs} SELECT * REPLACE ('crashed' AS status, toNullable(parseDateTime64BestEffort({at:String}, 3, 'UTC')) AS finished_at, ` +
      `toUInt8(1) AS version) FROM ${runs} AS r FINAL WHERE ${ofLane} AND r.status = 'running'`,
    params: { ...laneParams(lease), at: now.toISOString() },
    isRepeatable: true,
  });
}

async function readState(
  clickhouse: Clickhouse,
  lane: Pick<Lease, 'pipeline' | 'group' | 'lane'>,
): Promise<LaneState> {
  const ref = (table: string) => tableRef(clickhouse.ledger, table);
  const read = (sql: string) =>
    clickhouse.textRows({ what: 'reading the ledger', sql, params: laneParams(lane) });
  const [cursors, slices, runs] = await Promise.all([
    read(`SELECT * FROM ${ref('cursors')} FINAL WHERE ${ofLane} ORDER BY \`table\`, origin`),
    // The last one written counts; of a failure and a commit in one moment, the commit.
    read(
      `SELECT * FROM (SELECT * FROM ${ref('slices')} WHERE pipeline = {p:String} AND \`group\` = {g:String} ` +
        'ORDER BY seq DESC, status LIMIT 1 BY slice_id) ORDER BY recorded_at, slice_id',
    ),
    read(
      `SELECT * FROM ${ref('runs')} FINAL WHERE ${ofLane} AND status != 'running' ORDER BY started_at DESC, run_id DESC LIMIT 1`,
    ),
  ]);
  const [lastRun] = runs;
  return {
    cursors: cursors.map(toCursor),
    slices: slices.map(toSlice),
    ...(lastRun === undefined ? {} : { lastRun: toRun(lastRun) }),
  };
}

import { retryable } from '../../errors.ts';
import type { LaneState, Lease, LeaseRequest, Ledger } from '../../ledger/ledger.ts';
import { type TextRow, toCursor, toRun, toSlice } from '../../ledger/records.ts';
import type { Database, Sql } from './database.ts';
import { leaseKey, moment, ofLane, saveCursorRow, saveRunRow, saveSliceRow } from './records.ts';

/** The ledger in a PostgreSQL database, which many processes write at once: each write that a lease guards locks its row. */
export function createLedger(database: Database): Ledger {
  const guarded = (lease: Lease, work: (sql: Sql) => Promise<unknown>) =>
    database.transaction(async (sql) => {
      await checkFence(sql, lease);
      await work(sql);
    });
  return {
    acquire: (request) => database.transaction((sql) => acquire(sql, request)),
    renew: (lease, now, termMs) =>
      guarded(lease, (sql) =>
        sql.run(`UPDATE catchment.leases SET expires_at = $4 WHERE ${ofLane}`, [
          ...leaseKey(lease),
          moment(new Date(now.getTime() + termMs)),
        ]),
      ),
    release: (lease) =>
      database.run(async (sql) => {
        await sql.run(
          `UPDATE catchment.leases SET holder = NULL, expires_at = NULL WHERE ${ofLane} AND holder = $4 AND fence = $5`,
          [...leaseKey(lease), lease.holder, lease.fence],
        );
      }),
    saveRun: (run) => database.run((sql) => saveRunRow(sql, run)),
    saveCursor: (lease, cursor) => guarded(lease, (sql) => saveCursorRow(sql, cursor)),
    saveFailure: (lease, slice) => guarded(lease, (sql) => saveSliceRow(sql, slice)),
    forgetSlices: ({ table, before, ...of }) =>
      database.run(async (sql) => {
        await sql.run(
          `DELETE FROM catchment.slices WHERE ${ofLane} AND "table" = $4 AND status = 'committed' AND recorded_at < $5`,
          [...leaseKey(of), table, moment(before)],
        );
      }),
    state: (of) => database.run((sql) => readState(sql, leaseKey(of))),
    runs: ({ pipeline, limit }) =>
      database.run(async (sql) => {
        const rows = await textRows(
          sql,
          `SELECT * FROM catchment.runs WHERE $1::text IS NULL OR pipeline = $1 ORDER BY started_at DESC, run_id DESC LIMIT $2`,
          [pipeline ?? null, limit],
        );
        return rows.map(toRun);
      }),
  };
}

/**
 * Locks the lease's row until the transaction ends, so that nobody takes the lease in between.
 *
 * @throws retryable `lease-lost` unless this lease is the newest one. Call it in the transaction that it guards.
 */
export async function checkFence(sql: Sql, lease: Lease): Promise<void> {
  const [row] = await textRows(
    sql,
    `SELECT fence, holder FROM catchment.leases WHERE ${ofLane} FOR UPDATE`,
    leaseKey(lease),
  );
  if (Number(row?.fence) === lease.fence && row?.holder === lease.holder) return;
  throw retryable('lease-lost', {
    where: `${lease.pipeline}/${lease.group}`,
    what: 'this run was silent for longer than its lease and another one has taken over; its commit is refused',
    got: `fence ${lease.fence}`,
    allowed: `fence ${row?.fence ?? 'none'}`,
    todo: 'nothing: the newer run does the work',
  });
}

async function acquire(sql: Sql, request: LeaseRequest): Promise<Lease> {
  const { pipeline, group, lane, holder, now, termMs } = request;
  const key = leaseKey(request);
  // The row is there before it is locked, so that many who ask at once wait for one another.
  await sql.run(
    'INSERT INTO catchment.leases (pipeline, "group", lane, fence) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING',
    key,
  );
  const [row] = await textRows(sql, `SELECT * FROM catchment.leases WHERE ${ofLane} FOR UPDATE`, key);
  const isOwn = row?.holder === holder;
  const expires = new Date(row?.expires_at ?? 0);
  if (typeof row?.holder === 'string' && !isOwn && expires > now)
    throw retryable('already-running', {
      where: `${pipeline}/${group}`,
      what: `a run of this group is going on since ${new Date(row.taken_at ?? 0).toISOString()} (${lane})`,
      got: row.holder,
      todo: `wait until it ends; if its process is dead, the lease ends by itself at ${expires.toISOString()}`,
    });
  const fence = Number(row?.fence ?? 0) + (isOwn ? 0 : 1);
  await sql.run(
    `UPDATE catchment.leases SET fence = $4, holder = $5, taken_at = $6, expires_at = $7 WHERE ${ofLane}`,
    [...key, fence, holder, isOwn ? row.taken_at : moment(now), moment(new Date(now.getTime() + termMs))],
  );
  if (!isOwn)
    await sql.run(
      `UPDATE catchment.runs SET status = 'crashed', finished_at = $4 WHERE ${ofLane} AND status = 'running'`,
      [...key, moment(now)],
    );
  return { pipeline, group, lane, fence, holder };
}

async function readState(sql: Sql, key: readonly string[]): Promise<LaneState> {
  const cursors = await textRows(sql, `SELECT * FROM catchment.cursors WHERE ${ofLane}`, key);
  const slices = await textRows(
    sql,
    `SELECT * FROM (SELECT DISTINCT ON (slice_id) * FROM catchment.slices WHERE pipeline = $1 AND "group" = $2
       ORDER BY slice_id, recorded_at DESC, status) AS newest ORDER BY recorded_at, slice_id`,
    key.slice(0, 2),
  );
  const [lastRun] = await textRows(
    sql,
    `SELECT * FROM catchment.runs WHERE ${ofLane} AND status <> 'running' ORDER BY started_at DESC, run_id DESC LIMIT 1`,
    key,
  );
  return {
    cursors: cursors.map(toCursor),
    slices: slices.map(toSlice),
    ...(lastRun === undefined ? {} : { lastRun: toRun(lastRun) }),
  };
}

/** Rows with all values as the server writes them. */
async function textRows(sql: Sql, text: string, values: readonly unknown[]): Promise<readonly TextRow[]> {
  const { rows } = await sql.client.query({
    text,
    values: [...values],
    types: { getTypeParser: () => (value: unknown) => value },
  });
  return rows as TextRow[];
}

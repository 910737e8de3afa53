import type { SQLInputValue } from 'node:sqlite';
import { retryable } from '../../errors.ts';
import type { LaneState, Lease, LeaseRequest, Ledger } from '../../ledger/ledger.ts';
import { type TextRow, toCursor, toRun, toSlice } from '../../ledger/records.ts';
import type { Database, Sql } from './database.ts';
import { leaseKey, moment, ofLane, putRow, saveCursorRow, saveRunRow, saveSliceRow } from './records.ts';

/** The ledger in a SQLite file, which several processes may have open. */
export function createLedger(database: Database): Ledger {
  return {
    acquire: async (request) => database.transaction((sql) => acquire(sql, request)),
    renew: async (lease, now, termMs) =>
      database.transaction((sql) => {
        checkFence(sql, lease);
        const expires = moment(new Date(now.getTime() + termMs));
        sql.run(`UPDATE catchment_leases SET expires_at = ? WHERE ${ofLane}`, expires, ...leaseKey(lease));
      }),
    release: async (lease) =>
      database.transaction((sql) => {
        sql.run(
          `UPDATE catchment_leases SET holder = NULL, expires_at = NULL WHERE ${ofLane} AND holder = ? AND fence = ?`,
          ...leaseKey(lease),
          lease.holder,
          lease.fence,
        );
      }),
    saveRun: async (run) => database.transaction((sql) => saveRunRow(sql, run)),
    saveCursor: async (lease, cursor) =>
      database.transaction((sql) => {
        checkFence(sql, lease);
        saveCursorRow(sql, cursor);
      }),
    saveFailure: async (lease, slice) =>
      database.transaction((sql) => {
        checkFence(sql, lease);
        saveSliceRow(sql, slice);
      }),
    forgetSlices: async ({ table, before, ...of }) =>
      database.transaction((sql) => {
        sql.run(
          `DELETE FROM catchment_slices WHERE ${ofLane} AND "table" = ? AND status = 'committed' AND recorded_at < ?`,
          ...leaseKey(of),
          table,
          moment(before),
        );
      }),
    state: async (of) => database.read((sql) => readState(sql, leaseKey(of))),
    runs: async ({ pipeline, limit }) =>
      database.read((sql) =>
        textRows(
          sql,
          `SELECT * FROM catchment_runs WHERE ?1 IS NULL OR pipeline = ?1 ORDER BY started_at DESC, run_id DESC LIMIT ?2`,
          pipeline ?? null,
          limit,
        ).map(toRun),
      ),
  };
}

/** @throws retryable `lease-lost` unless this lease is the newest one. Call it in the transaction that it guards. */
export function checkFence(sql: Sql, lease: Lease): void {
  const [row] = sql.rows(`SELECT fence, holder FROM catchment_leases WHERE ${ofLane}`, ...leaseKey(lease));
  const [fence, holder] = row ?? [];
  if (Number(fence) === lease.fence && holder === lease.holder) return;
  throw retryable('lease-lost', {
    where: `${lease.pipeline}/${lease.group}`,
    what: 'this run was silent for longer than its lease and another one has taken over; its commit is refused',
    got: `fence ${lease.fence}`,
    allowed: `fence ${String(fence ?? 'none')}`,
    todo: 'nothing: the newer run does the work',
  });
}

function acquire(sql: Sql, request: LeaseRequest): Lease {
  const { pipeline, group, lane, holder, now, termMs } = request;
  const [row] = textRows(sql, `SELECT * FROM catchment_leases WHERE ${ofLane}`, ...leaseKey(request));
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
  putRow(sql, 'leases', {
    pipeline,
    group,
    lane,
    fence,
    holder,
    taken_at: isOwn ? row.taken_at : moment(now),
    expires_at: moment(new Date(now.getTime() + termMs)),
  });
  if (!isOwn)
    sql.run(
      `UPDATE catchment_runs SET status = 'crashed', finished_at = ? WHERE ${ofLane} AND status = 'running'`,
      moment(now),
      ...leaseKey(request),
    );
  return { pipeline, group, lane, fence, holder };
}

function readState(sql: Sql, key: readonly string[]): LaneState {
  const cursors = textRows(sql, `SELECT * FROM catchment_cursors WHERE ${ofLane}`, ...key);
  const slices = textRows(
    sql,
    `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY slice_id ORDER BY recorded_at DESC, status) AS place
       FROM catchment_slices WHERE pipeline = ? AND "group" = ?)
     WHERE place = 1 ORDER BY recorded_at, slice_id`,
    ...key.slice(0, 2),
  );
  const [lastRun] = textRows(
    sql,
    `SELECT * FROM catchment_runs WHERE ${ofLane} AND status <> 'running' ORDER BY started_at DESC, run_id DESC LIMIT 1`,
    ...key,
  );
  return {
    cursors: cursors.map(toCursor),
    slices: slices.map(toSlice),
    ...(lastRun === undefined ? {} : { lastRun: toRun(lastRun) }),
  };
}

function textRows(sql: Sql, text: string, ...values: SQLInputValue[]): readonly TextRow[] {
  const statement = sql.connection.prepare(text);
  statement.setReadBigInts(true);
  return statement
    .all(...values)
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]),
      ),
    );
}

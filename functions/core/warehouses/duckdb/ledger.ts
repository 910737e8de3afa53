import type { DuckDBConnection } from '@duckdb/node-api';
import { retryable } from '../../errors.ts';
import type { LaneState, Lease, LeaseRequest, Ledger } from '../../ledger/ledger.ts';
import { type TextRow, toCursor, toRun, toSlice } from '../../ledger/records.ts';
import type { Database } from './database.ts';
import { rowsOf } from './database.ts';
import { leaseKey, moment, saveCursorRow, saveRunRow, saveSliceRow } from './records.ts';

const ofLane = 'pipeline = $1 AND "group" = $2 AND lane = $3';

/** The ledger in a DuckDB file. Only one process has the file, so leases of other processes belong to the dead. */
export function createLedger(database: Database): Ledger {
  return {
    acquire: (request) => database.transaction((connection) => acquire(connection, request)),
    renew: (lease, now, termMs) =>
      database.transaction(async (connection) => {
        await checkFence(connection, lease);
        await connection.run(`UPDATE catchment.leases SET expires_at = $4 WHERE ${ofLane}`, [
          ...leaseKey(lease),
          moment(new Date(now.getTime() + termMs)),
        ]);
      }),
    release: (lease) =>
      database.transaction(async (connection) => {
        await connection.run(
          `UPDATE catchment.leases SET holder = NULL, expires_at = NULL WHERE ${ofLane} AND holder = $4 AND fence = $5`,
          [...leaseKey(lease), lease.holder, BigInt(lease.fence)],
        );
      }),
    saveRun: (run) => database.transaction((connection) => saveRunRow(connection, run)),
    saveCursor: (lease, cursor) =>
      database.transaction(async (connection) => {
        await checkFence(connection, lease);
        await saveCursorRow(connection, cursor);
      }),
    saveFailure: (lease, slice) =>
      database.transaction(async (connection) => {
        await checkFence(connection, lease);
        await saveSliceRow(connection, slice);
      }),
    forgetSlices: ({ table, before, ...of }) =>
      database.transaction(async (connection) => {
        await connection.run(
          `DELETE FROM catchment.slices WHERE ${ofLane} AND "table" = $4 AND status = 'committed' AND recorded_at < $5::TIMESTAMPTZ`,
          [...leaseKey(of), table, moment(before)],
        );
      }),
    state: (of) => database.read((connection) => readState(connection, leaseKey(of))),
    runs: ({ pipeline, limit }) =>
      database.read(async (connection) => {
        const rows = await textRows(
          connection,
          `SELECT * FROM catchment.runs WHERE $1 IS NULL OR pipeline = $1 ORDER BY started_at DESC, run_id DESC LIMIT $2`,
          [pipeline ?? null, BigInt(limit)],
        );
        return rows.map(toRun);
      }),
  };
}

/** @throws retryable `lease-lost` unless this lease is the newest one. Call it in the transaction that it guards. */
export async function checkFence(connection: DuckDBConnection, lease: Lease): Promise<void> {
  const [row] = await rowsOf(
    connection,
    `SELECT fence, holder FROM catchment.leases WHERE ${ofLane}`,
    leaseKey(lease),
  );
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

async function acquire(connection: DuckDBConnection, request: LeaseRequest): Promise<Lease> {
  const { pipeline, group, lane, holder, now, termMs } = request;
  const key = leaseKey(request);
  const [row] = await textRows(connection, `SELECT * FROM catchment.leases WHERE ${ofLane}`, key);
  const current = row?.holder ?? undefined;
  const expires = row?.expires_at === null || row === undefined ? undefined : new Date(row.expires_at ?? 0);
  const end = moment(new Date(now.getTime() + termMs));
  if (current === holder) {
    await connection.run(`UPDATE catchment.leases SET expires_at = $4 WHERE ${ofLane}`, [...key, end]);
    return { pipeline, group, lane, fence: Number(row?.fence), holder };
  }
  const isAlive = current?.startsWith(`${request.process}/`) && expires !== undefined && expires > now;
  if (isAlive)
    throw retryable('already-running', {
      where: `${pipeline}/${group}`,
      what: `a run of this group is going on since ${new Date(row?.taken_at ?? 0).toISOString()} (${lane})`,
      got: current,
      todo: `wait until it ends; if its process is dead, the lease ends by itself at ${expires.toISOString()}`,
    });
  const fence = Number(row?.fence ?? 0) + 1;
  const taken = [moment(now), end];
  if (row === undefined)
    await connection.run('INSERT INTO catchment.leases VALUES ($1, $2, $3, $4, $5, $6, $7)', [
      ...key,
      BigInt(fence),
      holder,
      ...taken,
    ]);
  else
    await connection.run(
      `UPDATE catchment.leases SET fence = $4, holder = $5, taken_at = $6, expires_at = $7 WHERE ${ofLane}`,
      [...key, BigInt(fence), holder, ...taken],
    );
  await connection.run(
    `UPDATE catchment.runs SET status = 'crashed', finished_at = $4 WHERE ${ofLane} AND status = 'running'`,
    [...key, moment(now)],
  );
  return { pipeline, group, lane, fence, holder };
}

async function readState(connection: DuckDBConnection, key: string[]): Promise<LaneState> {
  const cursors = await textRows(connection, `SELECT * FROM catchment.cursors WHERE ${ofLane}`, key);
  const slices = await textRows(
    connection,
    `SELECT * FROM catchment.slices WHERE pipeline = $1 AND "group" = $2
     QUALIFY row_number() OVER (PARTITION BY slice_id ORDER BY recorded_at DESC, status) = 1 ORDER BY recorded_at, slice_id`,
    key.slice(0, 2),
  );
  const [lastRun] = await textRows(
    connection,
    `SELECT * FROM catchment.runs WHERE ${ofLane} AND status <> 'running' ORDER BY started_at DESC, run_id DESC LIMIT 1`,
    key,
  );
  return {
    cursors: cursors.map(toCursor),
    slices: slices.map(toSlice),
    ...(lastRun === undefined ? {} : { lastRun: toRun(lastRun) }),
  };
}

async function textRows(
  connection: DuckDBConnection,
  sql: string,
  values: (string | bigint | null)[],
): Promise<readonly TextRow[]> {
  const reader = await connection.runAndReadAll(sql, values);
  const names = reader.columnNames();
  return reader
    .getRowsJson()
    .map((row) => Object.fromEntries(names.map((name, index) => [name, asText(row[index])])));
}

function asText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

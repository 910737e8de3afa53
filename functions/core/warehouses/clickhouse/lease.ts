import { fatal, retryable } from '../../errors.ts';
import type { Lease, LeaseRequest } from '../../ledger/ledger.ts';
import type { Clickhouse } from './client.ts';
import { tableRef } from './names.ts';
import { laneParams, ofLane } from './records.ts';

type LaneKey = Pick<Lease, 'pipeline' | 'group' | 'lane'>;

interface HeldLease {
  readonly fence: number;
  readonly holder: string;
  readonly takenAt: Date;
  readonly expiresAt: Date;
  readonly isReleased: boolean;
}

/** Others that ask at the same moment may take a fence each before us. */
const attempts = 50;

/**
 * Takes the lease. Each fence is an INSERT whose deduplication token names it: the server takes the first and drops the
 * others, so exactly one holder has a fence, without a transaction.
 *
 * @param look what to look at once the lease is taken, beside the question whose it is
 * @returns the lease, and of a new one what was found
 */
export async function takeLease<Found>(
  clickhouse: Clickhouse,
  request: LeaseRequest,
  look: (lease: Lease) => Promise<Found>,
): Promise<{ readonly lease: Lease; readonly found?: Promise<Found> }> {
  const { pipeline, group, lane, holder, now, termMs } = request;
  const expires_at = new Date(now.getTime() + termMs);
  let least = 1;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const held = await readLease(clickhouse, request);
    const lease = { pipeline, group, lane, holder };
    if (held !== undefined && !held.isReleased && held.holder === holder) {
      const own = { ...lease, fence: held.fence };
      await renewLease(clickhouse, own, now, termMs);
      return { lease: own };
    }
    if (held !== undefined && !held.isReleased && held.expiresAt > now) throw alreadyRunning(request, held);
    const fence = Math.max((held?.fence ?? 0) + 1, least);
    await clickhouse.insertRows(
      'leases',
      [{ pipeline, group, lane, fence, holder, event: 'taken', at: now, expires_at }],
      `lease/${JSON.stringify([pipeline, group, lane])}/${fence}`,
    );
    const taken = { ...lease, fence };
    const found = look(taken);
    // Of nobody's interest when another one has the fence.
    found.catch(() => undefined);
    const after = await readLease(clickhouse, request);
    if (after?.fence === fence && after.holder === holder) return { lease: taken, found };
    // A server that died between remembering the token and keeping the row leaves a fence that nobody can have.
    if ((after?.fence ?? 0) < fence) least = fence + 1;
  }
  throw fatal('warehouse', {
    where: `${pipeline}/${group}`,
    what: 'ClickHouse: the lease could not be taken, although nobody holds it',
    todo: 'look at the table leases of the ledger',
  });
}

async function readLease(clickhouse: Clickhouse, lane: LaneKey): Promise<HeldLease | undefined> {
  const [row] = await clickhouse.textRows({
    what: 'reading the lease',
    sql:
      "SELECT fence, anyIf(holder, event = 'taken') AS holder, anyIf(at, event = 'taken') AS taken_at, " +
      "max(expires_at) AS until, countIf(event = 'released') AS released " +
      `FROM ${tableRef(clickhouse.ledger, 'leases')} WHERE ${ofLane} GROUP BY fence ORDER BY fence DESC LIMIT 1`,
    params: laneParams(lane),
  });
  if (row === undefined) return undefined;
  return {
    fence: Number(row.fence),
    holder: row.holder ?? '',
    takenAt: new Date(row.taken_at ?? 0),
    expiresAt: new Date(row.until ?? 0),
    isReleased: Number(row.released) > 0,
  };
}

function alreadyRunning({ pipeline, group, lane }: LeaseRequest, { holder, takenAt, expiresAt }: HeldLease) {
  return retryable('already-running', {
    where: `${pipeline}/${group}`,
    what: `a run of this group is going on since ${takenAt.toISOString()} (${lane})`,
    got: holder,
    todo: `wait until it ends; if its process is dead, the lease ends by itself at ${expiresAt.toISOString()}`,
  });
}

/** @throws retryable `lease-lost` unless this lease is the newest one */
export async function checkFence(clickhouse: Clickhouse, lease: Lease): Promise<void> {
  const held = await readLease(clickhouse, lease);
  if (held?.fence === lease.fence && held.holder === lease.holder && !held.isReleased) return;
  throw leaseLost(lease, held?.fence);
}

export function leaseLost(lease: Lease, newest: number | undefined) {
  return retryable('lease-lost', {
    where: `${lease.pipeline}/${lease.group}`,
    what: 'this run was silent for longer than its lease and another one has taken over; its commit is refused',
    got: `fence ${lease.fence}`,
    allowed: `fence ${newest ?? 'none'}`,
    todo: 'nothing: the newer run does the work',
  });
}

/** A renewal that comes too late is a row of an old fence, which nobody reads. */
export async function renewLease(
  clickhouse: Clickhouse,
  lease: Lease,
  now: Date,
  termMs: number,
): Promise<void> {
  await saveEvent(clickhouse, lease, {
    event: 'renewed',
    at: now,
    expires_at: new Date(now.getTime() + termMs),
  });
}

export async function releaseLease(clickhouse: Clickhouse, lease: Lease): Promise<void> {
  await saveEvent(clickhouse, lease, { event: 'released', at: clickhouse.now(), expires_at: null });
}

async function saveEvent(
  clickhouse: Clickhouse,
  { pipeline, group, lane, fence, holder }: Lease,
  event: { readonly event: string; readonly at: Date; readonly expires_at: Date | null },
): Promise<void> {
  await clickhouse.insertRows('leases', [{ pipeline, group, lane, fence, holder, ...event }]);
}

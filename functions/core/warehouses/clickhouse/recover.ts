import type { Lease } from '../../ledger/ledger.ts';
import type { Clickhouse } from './client.ts';
import { codes, refusalOf } from './errors.ts';
import { fenceOf, laneHash, tableRef, withFence } from './names.ts';
import type { Plan } from './plan.ts';
import { abandon, carryOut, readPlan } from './plan.ts';
import { laneParams, ofLane } from './records.ts';
import { dropTable } from './stage.ts';

/** Stages of nobody in particular are dropped after this; no run lasts as long. */
const staleHours = 48;

/** What earlier holders of a lane left behind. */
export interface Left {
  /** Commits that were decided and are not done, the oldest first. */
  readonly plans: readonly Plan[];
  /** Tables in the staging database that belong to nobody any more, unless to one of the plans. */
  readonly tables: readonly string[];
  /** Runs that never ended. */
  readonly running: number;
}

/**
 * Looks for what is to be cleaned up, once the new fence is written: a holder before that makes a table after this look
 * finds its fence refused.
 *
 * @param lease the newest of the lane, just written
 */
export async function readLeft(clickhouse: Clickhouse, lease: Lease): Promise<Left> {
  const ref = (table: string) => tableRef(clickhouse.ledger, table);
  const what = 'looking for what was left';
  const [plans, tables, [running = 0]] = await Promise.all([
    clickhouse.textRows({
      what,
      sql:
        `SELECT plan FROM ${ref('commits')} FINAL WHERE ${ofLane} AND state = 0 ` +
        `AND fence < ${lease.fence} ORDER BY fence, seq`,
      params: laneParams(lease),
    }),
    clickhouse.textRows({
      what,
      sql:
        `SELECT name, splitByChar('_', name)[2] = {l:String} AS own, metadata_modification_time < now() - INTERVAL ${staleHours} HOUR AS old ` +
        'FROM system.tables WHERE database = {d:String} AND (own OR old)',
      params: { d: clickhouse.staging, l: laneHash(lease) },
    }),
    clickhouse.numbers({
      what,
      sql: `SELECT count() FROM ${ref('runs')} FINAL WHERE ${ofLane} AND status = 'running'`,
      params: laneParams(lease),
    }),
  ]);
  return {
    plans: plans.map(({ plan }) => readPlan(plan ?? '')),
    tables: tables
      .filter(({ name, old }) => Number(old) === 1 || fenceOf(String(name)) < lease.fence)
      .map(({ name }) => String(name)),
    running,
  };
}

/**
 * Carries the commits of earlier holders to their end: those that were decided, and of which a crash or a lost
 * connection left something to do. Their tables are renamed first, so that a holder that wakes up late can do nothing
 * more with them.
 */
export async function finishPending(
  clickhouse: Clickhouse,
  lease: Lease,
  plans: readonly Plan[],
): Promise<void> {
  for (const plan of plans) {
    const taken = await takeOver(clickhouse, plan, lease);
    if (taken === undefined) await abandon(clickhouse, plan);
    else await carryOut(clickhouse, taken);
  }
}

/** @returns the plan with its tables under the new fence; undefined when they are gone, so that it was never begun */
async function takeOver(clickhouse: Clickhouse, plan: Plan, lease: Lease): Promise<Plan | undefined> {
  const staged = await stagedTables(clickhouse, lease);
  const tables: Plan['tables'][number][] = [];
  for (const table of plan.tables) {
    const id = table.from.split('_').at(-1);
    const found = staged.find((name) => name.split('_').at(-1) === id);
    if (found === undefined) continue;
    const from = withFence(found, lease.fence);
    const isMine = found === from || (await rename(clickhouse, found, from));
    if (isMine) tables.push({ ...table, from });
  }
  return tables.length === 0 && plan.tables.length > 0 ? undefined : { ...plan, tables };
}

async function rename(clickhouse: Clickhouse, from: string, to: string): Promise<boolean> {
  const { staging } = clickhouse;
  try {
    await clickhouse.run({
      what: `taking over the commit ${from}`,
      sql: `RENAME TABLE ${tableRef(staging, from)} TO ${tableRef(staging, to)}`,
    });
    return true;
  } catch (error) {
    // Its holder finished it at this very moment.
    if (refusalOf(error)?.code === codes.unknownTable) return false;
    throw error;
  }
}

/** Drops what was left, as far as it is still there under its name: a holder that wakes up late finds nothing. */
export async function dropTables(clickhouse: Clickhouse, names: readonly string[]): Promise<void> {
  for (const name of names) await dropTable(clickhouse, tableRef(clickhouse.staging, name));
}

async function stagedTables(clickhouse: Clickhouse, lease: Lease): Promise<string[]> {
  const rows = await clickhouse.textRows({
    what: 'listing stages',
    sql: "SELECT name FROM system.tables WHERE database = {d:String} AND splitByChar('_', name)[2] = {l:String}",
    params: { d: clickhouse.staging, l: laneHash(lease) },
  });
  return rows.map(({ name }) => String(name));
}

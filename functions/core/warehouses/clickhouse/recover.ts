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

/**
 * Carries the commits of earlier holders to their end: those that were decided, and of which a crash or a lost
 * connection left something to do. Their tables are renamed first, so that a holder that wakes up late can do nothing
 * more with them.
 *
 * @param lease the newest of the lane, just taken
 */
export async function finishPending(clickhouse: Clickhouse, lease: Lease): Promise<void> {
  const rows = await clickhouse.textRows({
    what: 'reading commits that are not done',
    sql:
      `SELECT plan FROM ${tableRef(clickhouse.ledger, 'commits')} FINAL WHERE ${ofLane} AND state = 0 ` +
      `AND fence < ${lease.fence} ORDER BY fence, seq`,
    params: laneParams(lease),
  });
  for (const row of rows) {
    const plan = readPlan(row.plan ?? '');
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

/** Drops what earlier holders of the lane staged, and what was left long ago: a holder that wakes up late finds nothing. */
export async function dropOldStages(clickhouse: Clickhouse, lease: Lease): Promise<void> {
  const [own, old] = await Promise.all([
    stagedTables(clickhouse, lease),
    clickhouse.textRows({
      what: 'listing stages that were left',
      sql: `SELECT name FROM system.tables WHERE database = {d:String} AND metadata_modification_time < now() - INTERVAL ${staleHours} HOUR`,
      params: { d: clickhouse.staging },
    }),
  ]);
  const names = new Set([
    ...own.filter((name) => fenceOf(name) < lease.fence),
    ...old.map(({ name }) => String(name)),
  ]);
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

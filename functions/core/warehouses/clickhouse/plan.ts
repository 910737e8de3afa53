import type { CatchmentError } from '../../errors.ts';
import { isCatchmentError, retryable } from '../../errors.ts';
import type { CursorRecord, Lease, SliceRecord } from '../../ledger/ledger.ts';
import type { Clickhouse } from './client.ts';
import { codes, refusalOf } from './errors.ts';
import { leaseLost } from './lease.ts';
import { tableRef } from './names.ts';
import { saveCursorRow, saveSliceRow } from './records.ts';
import { dropTable } from './stage.ts';

/**
 * All that is left to do of a commit once its tables are made. It is written down before anything of it is done: from
 * that row on the commit is decided, and whoever takes the lane over carries it to its end.
 */
export interface Plan {
  readonly id: string;
  readonly lease: Lease;
  readonly tables: readonly PlannedTable[];
  readonly slice?: SliceRecord | undefined;
  readonly cursor?: CursorRecord | undefined;
}

export interface PlannedTable {
  readonly database: string;
  readonly table: string;
  /** Table in the staging database. */
  readonly from: string;
  readonly apply: 'attach' | 'exchange';
  /** Identity of the table `from`, which it keeps when it is exchanged. */
  readonly uuid: string;
}

/** Decides a commit. */
export async function savePlan(clickhouse: Clickhouse, plan: Plan): Promise<void> {
  await savePlanRow(clickhouse, plan, 0);
}

async function savePlanRow(clickhouse: Clickhouse, plan: Plan, state: 0 | 1): Promise<void> {
  const { pipeline, group, lane, fence } = plan.lease;
  // What is done needs no plan any more.
  const text = state === 0 ? JSON.stringify(plan) : '';
  await clickhouse.insertRows(
    'commits',
    [{ pipeline, group, lane, fence, id: plan.id, plan: text, state, at: clickhouse.now() }],
    `commit/${plan.id}/${state}`,
  );
}

export function readPlan(text: string): Plan {
  const plan = JSON.parse(text) as Plan;
  const { slice, cursor } = plan;
  return {
    ...plan,
    slice: slice === undefined ? undefined : { ...slice, at: new Date(slice.at) },
    cursor: cursor === undefined ? undefined : { ...cursor, at: new Date(cursor.at) },
  };
}

/**
 * Does what a plan says: tables, slice record, cursor. Each step may have been done before, so this can be called again
 * until it succeeds.
 *
 * @param isNew nothing of it was done before
 * @throws retryable `lease-lost` when a newer holder has taken the tables of the commit away
 */
export async function carryOut(clickhouse: Clickhouse, plan: Plan, isNew = false): Promise<void> {
  for (const table of plan.tables) {
    try {
      if (table.apply === 'attach') await attach(clickhouse, table);
      else await exchange(clickhouse, table, isNew);
    } catch (error) {
      // Only the holder of a newer fence drops or renames them before the commit is done.
      const isGone = refusalOf(error)?.code === codes.unknownTable && !(await exists(clickhouse, table.from));
      throw isGone ? leaseLost(plan.lease, undefined) : error;
    }
  }
  await finish(clickhouse, plan);
}

async function finish(clickhouse: Clickhouse, plan: Plan): Promise<void> {
  const { id, slice, cursor, lease } = plan;
  await Promise.all([
    slice === undefined ? undefined : saveSliceRow(clickhouse, slice, `slice/${id}`),
    cursor === undefined ? undefined : saveCursorRow(clickhouse, lease, cursor, `cursor/${id}`),
  ]);
  // In any order: a plan of which only its tables are gone has nothing left to do.
  await Promise.all([
    savePlanRow(clickhouse, plan, 1),
    ...plan.tables.map(({ from }) => dropTable(clickhouse, tableRef(clickhouse.staging, from))),
  ]);
}

/** Says that nothing is left to do of a plan whose tables are gone. */
export async function abandon(clickhouse: Clickhouse, plan: Plan): Promise<void> {
  await savePlanRow(clickhouse, plan, 1);
}

/** Rows that are attached twice have the same key and version, so they are there once. */
async function attach(clickhouse: Clickhouse, { database, table, from }: PlannedTable): Promise<void> {
  await clickhouse.run({
    what: `committing rows of ${database}.${table}`,
    sql: `ALTER TABLE ${tableRef(database, table)} ATTACH PARTITION tuple() FROM ${tableRef(clickhouse.staging, from)}`,
    isRepeatable: true,
  });
}

/** A second exchange would bring the old rows back, so the identity of the table tells whether it was done. */
async function exchange(clickhouse: Clickhouse, planned: PlannedTable, isNew: boolean): Promise<void> {
  const { database, table, from, uuid } = planned;
  for (let attempt = 1; ; attempt += 1) {
    const isFirst = isNew && attempt === 1;
    if (!isFirst && (await uuidOf(clickhouse, database, table)) === uuid) return;
    try {
      await clickhouse.run({
        what: `replacing ${database}.${table}`,
        sql: `EXCHANGE TABLES ${tableRef(database, table)} AND ${tableRef(clickhouse.staging, from)}`,
      });
      return;
    } catch (error) {
      if (attempt === 3 || !isCatchmentError(error) || error.code !== 'network') throw error;
      await clickhouse.pause(attempt);
    }
  }
}

async function uuidOf(clickhouse: Clickhouse, database: string, table: string): Promise<string> {
  const [row] = await clickhouse.textRows({
    what: `looking up ${database}.${table}`,
    sql: 'SELECT toString(uuid) AS id FROM system.tables WHERE database = {d:String} AND name = {t:String}',
    params: { d: database, t: table },
  });
  if (row?.id !== undefined && row.id !== null) return row.id;
  throw tableGone(database, table);
}

export function tableGone(database: string, table: string): CatchmentError {
  return retryable('warehouse', {
    where: `${database}.${table}`,
    what: 'the table is gone: somebody dropped it while the run went on',
    todo: 'the next run makes it again',
  });
}

async function exists(clickhouse: Clickhouse, staged: string): Promise<boolean> {
  const [count = 0] = await clickhouse.numbers({
    what: `looking up ${staged}`,
    sql: 'SELECT count() FROM system.tables WHERE database = {d:String} AND name = {t:String}',
    params: { d: clickhouse.staging, t: staged },
  });
  return count > 0;
}

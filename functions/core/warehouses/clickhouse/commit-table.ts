import type { Lease } from '../../ledger/ledger.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Commit, StagedTable } from '../warehouse.ts';
import type { Clickhouse } from './client.ts';
import { isOf, stagingName, tableRef } from './names.ts';
import type { PlannedTable } from './plan.ts';
import { tableGone } from './plan.ts';
import type { ClickhouseStage } from './stage.ts';
import { dropTable } from './stage.ts';
import type { Counts } from './write-modes.ts';
import { finalRef, noCounts, scopeOf, writeTable } from './write-modes.ts';

/** A table that is ready to be attached or exchanged, and what that will do. */
export interface MadeTable {
  readonly planned: PlannedTable;
  readonly counts: Counts;
}

/** Makes a table with all that a slice does to its final one. */
export async function makeTable(
  clickhouse: Clickhouse,
  commit: Commit,
  staged: StagedTable,
): Promise<MadeTable> {
  const stage = staged.stage as ClickhouseStage;
  const { target } = stage;
  const final = finalRef(target);
  const from = stagingName('c', commit.lease);
  const into = tableRef(clickhouse.staging, from);
  try {
    await clickhouse.run({
      what: `preparing the commit of ${target.dataset}.${target.name}`,
      sql: `CREATE TABLE IF NOT EXISTS ${into} AS ${final}`,
      isRepeatable: true,
    });
    const [uuid, newest] = await facts(clickhouse, target, { from, ask: `max(_version) FROM ${final}` });
    const scope = scopeOf(target, commit);
    const write = { clickhouse, target, final, stage, into, version: newest + 1, scope };
    const { counts, apply } = await writeTable(write, staged);
    return { planned: { database: target.dataset, table: target.name, from, apply, uuid }, counts };
  } catch (error) {
    await dropTable(clickhouse, into).catch(() => undefined);
    throw error;
  }
}

/**
 * True when a stage holds just what the commit does to its table, row by row. Only a stage with the name of the lease's own fence is
 * found again by whoever carries the commit to its end.
 */
export function canTakeStage({ stage, writeMode }: StagedTable, lease: Lease): boolean {
  const isWhole = writeMode === 'append' || (writeMode === 'replace' && stage.target.key.length === 0);
  return isWhole && isOf(lease, (stage as ClickhouseStage).name);
}

/** Takes a stage for the table of the commit. */
export async function takeStage(
  clickhouse: Clickhouse,
  { stage, writeMode }: StagedTable,
): Promise<MadeTable> {
  const { target, name: from, rows } = stage as ClickhouseStage;
  const isReplaced = writeMode === 'replace';
  const ask = `count() FROM ${finalRef(target)} ${isReplaced ? 'FINAL' : ''}`;
  const [uuid, held] = await facts(clickhouse, target, { from, ask });
  const apply = isReplaced ? 'exchange' : 'attach';
  return {
    planned: { database: target.dataset, table: target.name, from, apply, uuid },
    counts: { ...noCounts, inserted: rows, deleted: isReplaced ? held : 0 },
  };
}

/** The identity of a table in the staging database, and a number that is asked for. */
async function facts(
  clickhouse: Clickhouse,
  { dataset, name }: TableTarget,
  { from, ask }: { readonly from: string; readonly ask: string },
): Promise<readonly [uuid: string, number: number]> {
  const [row] = await clickhouse.textRows({
    what: `reading facts of ${dataset}.${name}`,
    sql:
      `SELECT (SELECT ${ask}) AS number, (SELECT any(toString(uuid)) FROM system.tables ` +
      'WHERE database = {d:String} AND name = {t:String}) AS id',
    params: { d: clickhouse.staging, t: from },
  });
  if (row?.id === undefined || row.id === null || row.id === '') throw tableGone(clickhouse.staging, from);
  return [row.id, Number(row.number)];
}

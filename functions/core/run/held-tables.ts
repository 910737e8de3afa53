import { fatal } from '../errors.ts';
import type { TableTarget } from '../pipeline.ts';
import type { Warehouse } from '../warehouses/warehouse.ts';
import { tableInSql } from './is-empty.ts';
import type { LogState } from './log-stream.ts';

/**
 * Looks whether the tables of a log still hold what was loaded. A log brings changes alone: a table that somebody emptied
 * in the warehouse, or dropped and a run made anew, would stay a torso for ever. They must be prepared.
 *
 * @param where the run, for the error
 * @throws fatal `log-lost` when a table that held rows has none
 */
export async function checkHeldTables(warehouse: Warehouse, log: LogState, where: string): Promise<void> {
  const copied = log.targets.filter(({ declared }) => log.positionOf(declared) !== undefined);
  const filled = await filledTables(warehouse, copied);
  const lost = copied.filter(({ declared }) => log.held.has(declared) && !filled.has(declared));
  if (lost.length === 0) {
    for (const { declared } of copied) log.hold(declared, filled.has(declared));
    return;
  }
  const names = lost.map(({ dataset, name }) => `${dataset}.${name}`);
  throw fatal('log-lost', {
    where,
    what: `${names.join(', ')} held rows after the last run and ${lost.length === 1 ? 'is' : 'are'} empty now: somebody emptied or dropped ${lost.length === 1 ? 'it' : 'them'} in the warehouse`,
    todo: `the log does not bring these rows again, so nothing was loaded; to read them anew, run it with --resnapshot --table ${lost.map(({ declared }) => declared).join(',')}`,
  });
}

/** The declared names of the tables that hold at least one row, by one query for all. */
export async function filledTables(
  warehouse: Warehouse,
  targets: readonly TableTarget[],
): Promise<ReadonlySet<string>> {
  if (targets.length === 0) return new Set();
  const each = targets.map(
    (target, index) =>
      `SELECT ${index} AS found FROM (SELECT 1 AS one FROM ${tableInSql(warehouse.kind, target)} LIMIT 1) AS t${index}`,
  );
  const { rows } = await warehouse.query(each.join(' UNION ALL '));
  return new Set(rows.flatMap(([index]) => targets[Number(index)]?.declared ?? []));
}

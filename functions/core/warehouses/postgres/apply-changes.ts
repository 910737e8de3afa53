import { ident, literal } from '../../files/quote.ts';
import { allColumns } from './types.ts';
import { keyJoins, writeByKey } from './write-by-key.ts';
import type { Counts, TableWrite } from './write-modes.ts';
import { lostStage, noCounts } from './write-modes.ts';

/**
 * Applies the net changes of a stage, at most one row per key, as `changeColumns` says. Applied again, they change
 * nothing more. Must run inside a transaction: the stage itself is changed on the way.
 */
export async function applyChanges(write: TableWrite, truncate: boolean): Promise<Counts> {
  const { sql, table, stage, target, rows } = write;
  let deleted = truncate ? await sql.run(`DELETE FROM ${table}`) : 0;
  const [found = 0, kept = 0] = await sql.counts(`SELECT count(*), count(_kept) FROM ${stage}`);
  if (found !== rows) throw lostStage(target, rows, found);
  if (rows === 0) return { ...noCounts, deleted };
  if (kept > 0) await fillKept(write);
  for (const join of await keyJoins(write, (name) => name))
    deleted += await sql.run(
      `DELETE FROM ${table} AS t USING ${stage} AS s WHERE s._op = 'delete' AND ${join}`,
    );
  const deletes = await sql.run(`DELETE FROM ${stage} WHERE _op = 'delete'`);
  const counts = await writeByKey({ ...write, rows: rows - deletes }, undefined);
  return { ...counts, deleted: counts.deleted + deleted };
}

/**
 * Takes kept cells from the stored row that a change began with. When that row is gone, these changes were applied
 * before, and the row of the new key has the cells.
 */
async function fillKept(write: TableWrite): Promise<void> {
  const { sql, table, stage, target } = write;
  const lists = await sql.rows(`SELECT DISTINCT _kept AS names FROM ${stage} WHERE _kept IS NOT NULL`);
  const kept = new Set(lists.flatMap(({ names }) => String(names).split(',')));
  const cells = allColumns(target.columns)
    .filter(({ name }) => kept.has(name))
    .map(
      ({ name }) =>
        `${ident(name)} = CASE WHEN position(${literal(`,${name},`)} IN s._kept) > 0 THEN t.${ident(name)} ELSE s.${ident(name)} END`,
    );
  for (const keyIn of [(name: string) => `_from_${name}`, (name: string) => name])
    for (const join of await keyJoins(write, keyIn))
      await sql.run(
        `UPDATE ${stage} AS s SET ${['_kept = NULL', ...cells].join(', ')} FROM ${table} AS t
         WHERE s._op = 'upsert' AND s._kept IS NOT NULL AND ${join}`,
      );
}

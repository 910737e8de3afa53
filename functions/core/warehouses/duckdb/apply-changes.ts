import { ident, literal } from '../../files/quote.ts';
import { allColumns } from '../../files/types.ts';
import { changeRows, countsOf } from './database.ts';
import { sameKey } from './same-key.ts';
import { writeByKey } from './write-by-key.ts';
import type { Counts, TableWrite } from './write-modes.ts';

/**
 * Applies the net changes of a stage, at most one row per key, as `changeColumns` says. Applied again, they change
 * nothing more. Must run inside a transaction: the stage itself is changed on the way.
 */
export async function applyChanges(write: TableWrite, truncate: boolean): Promise<Counts> {
  const { connection, table, target, stage } = write;
  let deleted = truncate ? await changeRows(connection, `DELETE FROM ${table}`) : 0;
  const [kept = 0, deletes = 0] = await countsOf(
    connection,
    `SELECT count(_kept), count(*) FILTER (_op = 'delete') FROM ${stage}`,
  );
  if (kept > 0) await fillKept(write);
  if (deletes > 0) {
    deleted += await changeRows(
      connection,
      `DELETE FROM ${table} AS t USING ${stage} AS s WHERE s._op = 'delete' AND ${sameKey(target)}`,
    );
    await connection.run(`DELETE FROM ${stage} WHERE _op = 'delete'`);
  }
  const counts = await writeByKey({ ...write, rows: write.rows - deletes }, undefined);
  return { ...counts, deleted: counts.deleted + deleted };
}

/**
 * Takes kept cells from the stored row that a change began with. When that row is gone, these changes were applied
 * before, and the row of the new key has the cells.
 */
async function fillKept({ connection, table, target, stage }: TableWrite): Promise<void> {
  for (const keyIn of [(name: string) => `_from_${name}`, (name: string) => name]) {
    const cells = allColumns(target.columns).map(
      ({ name }) =>
        `${ident(name)} = CASE WHEN contains(s._kept, ${literal(`,${name},`)}) THEN t.${ident(name)} ELSE s.${ident(name)} END`,
    );
    await connection.run(
      `UPDATE ${stage} AS s SET _kept = NULL, ${cells.join(', ')}
       FROM ${table} AS t
       WHERE s._op = 'upsert' AND s._kept IS NOT NULL AND ${sameKey(target, keyIn)}`,
    );
  }
}

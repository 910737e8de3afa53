import { ident, literal } from '../../files/quote.ts';
import { isConflict } from './errors.ts';
import { isPlain } from './plain-table.ts';
import { stageSchema } from './stage-tables.ts';
import type { Counts, TableWrite } from './write-modes.ts';
import { noCounts, replaceScope } from './write-modes.ts';

/** Readers that take longer than this are not waited for, because new ones queue up behind the one who waits. */
const patience = '5s';

/**
 * Lets a filled table take the name of the old one when the transaction commits; readers see one or the other, whole. What
 * hangs on the old table (views, indexes, triggers, publications, rights on columns) would be lost by that, so such a table
 * is emptied and filled instead, and so is one that somebody reads for long.
 */
export async function swapTable(write: TableWrite): Promise<Counts> {
  const { sql, table, stage, target, rows } = write;
  await sql.run('SAVEPOINT swap_table');
  try {
    if (await isPlain(sql, target)) {
      const [old = 0] = await sql.counts(`SELECT count(*) FROM ${table}`);
      const grants = await grantsOf(write);
      const comment = await commentOf(write);
      await sql.run(`SET LOCAL lock_timeout = '${patience}'`);
      await sql.run(`DROP TABLE ${table}`);
      await sql.run(`SET LOCAL lock_timeout = 0`);
      await sql.run(`ALTER TABLE ${stage} SET SCHEMA ${ident(target.dataset)}`);
      const moved = `${ident(target.dataset)}.${stage.slice(stageSchema.length + 1)}`;
      await sql.run(`ALTER TABLE ${moved} RENAME TO ${ident(target.name)}`);
      for (const grant of grants) await sql.run(grant);
      if (comment !== null) await sql.run(`COMMENT ON TABLE ${table} IS ${literal(comment)}`);
      await sql.run('RELEASE SAVEPOINT swap_table');
      return { ...noCounts, deleted: old, inserted: rows };
    }
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  await sql.run('ROLLBACK TO SAVEPOINT swap_table');
  const counts = await replaceScope(write, 'TRUE');
  await sql.run(`DROP TABLE ${stage}`);
  return counts;
}

/** Statements that give the new table the rights of the old one. */
async function grantsOf({ sql, target, table }: TableWrite): Promise<readonly string[]> {
  const rows = await sql.rows(
    `SELECT a.privilege_type AS what, a.is_grantable AS grantable,
       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS who
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS a
     WHERE n.nspname = $1 AND c.relname = $2 AND a.grantee <> c.relowner`,
    [target.dataset, target.name],
  );
  return rows.map(
    ({ what, who, grantable }) =>
      `GRANT ${String(what)} ON ${table} TO ${String(who)}${grantable === true ? ' WITH GRANT OPTION' : ''}`,
  );
}

async function commentOf({ sql, table }: TableWrite): Promise<string | null> {
  const [row] = await sql.rows(`SELECT obj_description($1::regclass, 'pg_class') AS comment`, [table]);
  return typeof row?.comment === 'string' ? row.comment : null;
}

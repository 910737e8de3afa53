import type { TableTarget } from '../../pipeline.ts';
import type { Sql } from './database.ts';

/**
 * True for a table on which nothing hangs that a new table of its name would lack: views, indexes, triggers, publications,
 * rights on columns.
 */
export async function isPlain(sql: Sql, target: TableTarget): Promise<boolean> {
  const rows = await sql.rows(
    `SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r' AND c.relpersistence = 'p'
       AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
       AND NOT c.relhasindex AND NOT c.relhastriggers AND NOT c.relhasrules AND NOT c.relrowsecurity
       AND NOT c.relispartition AND NOT c.relhassubclass AND c.reloptions IS NULL AND c.relreplident = 'd'
       AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL)
       AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE c.oid IN (k.conrelid, k.confrelid) AND k.contype <> 'n')
       AND NOT EXISTS (SELECT 1 FROM pg_publication_rel p WHERE p.prrelid = c.oid)
       AND NOT EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = c.oid)
       AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
         AND d.deptype = 'n')`,
    [target.dataset, target.name],
  );
  return rows.length > 0;
}

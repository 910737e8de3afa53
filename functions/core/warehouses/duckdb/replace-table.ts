import { ident } from '../../files/quote.ts';
import { countsOf, rowsOf } from './database.ts';
import type { ExistingColumn } from './tables.ts';
import { existingColumns, tableName } from './tables.ts';
import type { Counts, TableWrite } from './write-modes.ts';
import { insertStaged, noCounts } from './write-modes.ts';

/**
 * Replaces all rows of a table without a key: a new table of the same definition takes the name when the transaction
 * commits, and readers see one or the other, whole. DELETE and INSERT would write as much and take longer to commit.
 * Only a table with indexes or constraints beside NOT NULL is emptied instead, so that it keeps them.
 */
export async function replaceTable(write: TableWrite): Promise<Counts> {
  const { connection, table, target } = write;
  const [old = 0] = await countsOf(connection, `SELECT count(*) FROM ${table}`);
  if (old === 0) return { ...noCounts, inserted: await insertStaged(write) };
  if (write.content.kind === 'draft' && (await takeDraft(write)))
    return { ...noCounts, deleted: old, inserted: write.rows };
  if (await hasDependents(write)) {
    await connection.run(`DELETE FROM ${table}`);
    return { ...noCounts, deleted: old, inserted: await insertStaged(write) };
  }
  const next = tableName({ dataset: target.dataset, name: `${target.name}__next` });
  const columns = await existingColumns(connection, target);
  await connection.run(`CREATE TABLE ${next} (${columns.map((column) => definition(column)).join(', ')})`);
  const inserted = await insertStaged(write, next);
  await connection.run(`DROP TABLE ${table}`);
  await connection.run(`ALTER TABLE ${next} RENAME TO ${ident(target.name)}`);
  return { ...noCounts, deleted: old, inserted };
}

/**
 * Gives the final table's name to a draft, which has its definition already. Whatever the table held is gone.
 *
 * @returns false, with nothing done, when the table has what a draft has not
 */
export async function takeDraft(write: TableWrite): Promise<boolean> {
  const { connection, table, target, stage } = write;
  if (await hasDependents(write)) return false;
  await connection.run(`DROP TABLE ${table}`);
  await connection.run(`COMMENT ON TABLE ${stage} IS NULL`);
  await connection.run(`ALTER TABLE ${stage} RENAME TO ${ident(target.name)}`);
  return true;
}

async function hasDependents({ connection, target }: TableWrite): Promise<boolean> {
  const ofTable = 'database_name = current_database() AND schema_name = $1 AND table_name = $2';
  const found = await rowsOf(
    connection,
    `SELECT 1 FROM duckdb_indexes() WHERE ${ofTable}
     UNION ALL SELECT 1 FROM duckdb_constraints() WHERE ${ofTable} AND constraint_type <> 'NOT NULL'`,
    [target.dataset, target.name],
  );
  return found.length > 0;
}

/**
 * A column as it stands in a table, for another table that shall be alike.
 *
 * @param packing SQL behind its type
 */
export function definition({ name, type, isNullable, fallback }: ExistingColumn, packing = ''): string {
  const constraint = isNullable ? '' : ' NOT NULL';
  return `${ident(name)} ${type}${packing}${constraint}${fallback === null ? '' : ` DEFAULT (${fallback})`}`;
}

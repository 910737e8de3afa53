import { swapTable } from './swap-table.ts';
import { dropDuplicates, matchesSql } from './write-by-key.ts';
import type { Counts, TableWrite } from './write-modes.ts';

/**
 * Puts a filled table in the place of the old one. With a key its last row counts, as in every write mode, and the outcome
 * says what changed; rows that are equal are written all the same, because a new table holds no others.
 */
export async function replaceTable(write: TableWrite): Promise<Counts> {
  if (write.target.key.length === 0) return swapTable(write);
  await write.sql.run(`SET LOCAL work_mem = '64MB'`);
  // Rows of a table that one transaction made and filled lie in the order in which they came.
  const duplicates = await dropDuplicates(write, 'ctid');
  const rows = write.rows - duplicates;
  // OFFSET 0 keeps the comparison in the join, so that whole rows are not sorted.
  const pairs = `SELECT * FROM (${await matchesSql(write, 'ctid')}) AS pairs OFFSET 0`;
  const [updated = 0, unchanged = 0] = await write.sql.counts(
    `SELECT count(*) FILTER (WHERE NOT same), count(*) FILTER (WHERE same)
     FROM (SELECT bool_or(same) AS same FROM (${pairs}) AS fenced GROUP BY new) AS found`,
  );
  const { deleted } = await swapTable({ ...write, rows });
  const kept = updated + unchanged;
  return { inserted: rows - kept, updated, unchanged, duplicates, deleted: deleted - kept };
}

import { ident } from '../../files/quote.ts';
import { allColumns } from '../../files/types.ts';
import { changeRows, countsOf, rowsOf } from './database.ts';
import { sameKey } from './same-key.ts';
import type { Counts, TableWrite } from './write-modes.ts';
import { insertStaged, noCounts } from './write-modes.ts';

/**
 * Writes staged rows by key: rows that are equal in all columns stay where they are, others are deleted and inserted.
 * NULL is a value like any other in a key, so nothing is doubled; of staged rows with one key the last one counts.
 *
 * @param scope condition on the final table, whose rows go away unless they are staged; undefined for none
 */
export async function writeByKey(write: TableWrite, scope: string | undefined): Promise<Counts> {
  const { connection, table, stage, columns } = write;
  // Rows are compared by their row ids, so they are needed in a table.
  if (write.content.kind === 'select') await insertStaged(write, stage);
  const duplicates = await dropDuplicates(write);
  const rows = write.rows - duplicates;
  const isDraft = write.content.kind === 'draft';
  const staged: TableWrite = { ...write, rows, content: isDraft ? write.content : { kind: 'table' } };
  if (!(await hasStagedKey(write))) {
    const deleted =
      scope === undefined ? 0 : await changeRows(connection, `DELETE FROM ${table} WHERE ${scope}`);
    return { ...noCounts, inserted: await insertStaged(staged), duplicates, deleted };
  }

  const { matched, unchanged } = await matchRows(write);
  let gone = await changeRows(
    connection,
    `DELETE FROM ${table} WHERE rowid IN (SELECT old FROM ${matches} WHERE NOT same)`,
  );
  if (scope !== undefined)
    gone += await changeRows(
      connection,
      `DELETE FROM ${table} AS t WHERE (${scope})
       AND NOT EXISTS (SELECT 1 FROM ${matches} AS m WHERE m.old = t.rowid AND m.same)`,
    );
  if (unchanged < rows)
    await connection.run(
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${stage} AS s
       WHERE NOT EXISTS (SELECT 1 FROM ${matches} AS m WHERE m.new = s.rowid AND m.same)`,
    );
  await connection.run(`DROP TABLE ${matches}`);
  const updated = matched - unchanged;
  return { inserted: rows - matched, updated, unchanged, duplicates, deleted: gone - updated };
}

/** Pairs of rows with one key: `old` in the final table, `new` in the stage, `same` when all columns are equal. */
const matches = 'temp.main.catchment_matches';

async function dropDuplicates({ connection, target, stage, rows }: TableWrite): Promise<number> {
  const key = target.key.map(ident).join(', ');
  const [keys = 0] = await countsOf(
    connection,
    `SELECT count(*) FROM (SELECT 1 FROM ${stage} GROUP BY ${key})`,
  );
  if (keys === rows) return 0;
  return changeRows(
    connection,
    `DELETE FROM ${stage} WHERE rowid NOT IN (SELECT max(rowid) FROM ${stage} GROUP BY ${key})`,
  );
}

/** Mostly a slice brings only new keys, or an early row tells that it does not; comparing all columns is far dearer. */
async function hasStagedKey({ connection, target, table, stage }: TableWrite): Promise<boolean> {
  const rows = await rowsOf(
    connection,
    `SELECT 1 FROM ${table} AS t JOIN ${stage} AS s ON ${sameKey(target)} LIMIT 1`,
  );
  return rows.length > 0;
}

async function matchRows({ connection, target, table, stage }: TableWrite) {
  const all = allColumns(target.columns).map(({ name }) => equal(name));
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE catchment_matches AS
     SELECT t.rowid AS old, s.rowid AS new, (${all.join(' AND ')}) AS same
     FROM ${table} AS t JOIN ${stage} AS s ON ${sameKey(target)}`,
  );
  const count = () =>
    countsOf(connection, `SELECT count(*), count(DISTINCT new), count(*) FILTER (same) FROM ${matches}`);
  const [pairs = 0, matched = 0, unchanged = 0] = await count();
  if (pairs === matched) return { matched, unchanged };
  // A table that was filled by others may hold a key several times: at most one row of it stays.
  await connection.run(
    `UPDATE ${matches} SET same = FALSE
     WHERE same AND old NOT IN (SELECT min(old) FROM ${matches} WHERE same GROUP BY new)`,
  );
  return { matched, unchanged: (await count())[2] ?? 0 };
}

function equal(name: string): string {
  return `t.${ident(name)} IS NOT DISTINCT FROM s.${ident(name)}`;
}

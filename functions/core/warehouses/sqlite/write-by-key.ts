import { ident, list } from './names.ts';
import { allColumns } from './types.ts';
import type { Counts, TableWrite } from './write-modes.ts';
import { insertStaged, noCounts } from './write-modes.ts';

/** Pairs of rows with one key: `old` in the final table, `new` in the stage, `same` when all columns are equal. */
const matches = 'temp.catchment_matches';

/**
 * Writes staged rows by key: rows that are equal in all columns stay where they are, others are deleted and inserted.
 * NULL is a value like any other in a key, so nothing is doubled; of staged rows with one key the last one counts.
 *
 * @param scope condition on the final table, whose rows go away unless they are staged; undefined for none
 */
export function writeByKey(write: TableWrite, scope: string | undefined): Counts {
  const { sql, columns } = write;
  const table = ident(write.table);
  const stage = ident(write.stage);
  const key = list(write.target.key);
  const duplicates = sql.run(
    `DELETE FROM ${stage} WHERE rowid NOT IN (SELECT max(rowid) FROM ${stage} GROUP BY ${key})`,
  );
  const rows = write.rows - duplicates;
  const old = sql.count(`SELECT count(*) FROM (SELECT 1 FROM ${table} LIMIT 1)`);
  if (old === 0) return { ...noCounts, inserted: insertStaged(write), duplicates };

  matchRows(write);
  try {
    const [matched = 0, unchanged = 0] = (
      sql.rows(`SELECT count(DISTINCT new), count(*) FILTER (WHERE same) FROM ${matches}`)[0] ?? []
    ).map(Number);
    let gone = sql.run(`DELETE FROM ${table} WHERE rowid IN (SELECT old FROM ${matches} WHERE NOT same)`);
    if (scope !== undefined)
      gone += sql.run(
        `DELETE FROM ${table} WHERE (${scope}) AND rowid NOT IN (SELECT old FROM ${matches} WHERE same)`,
      );
    if (unchanged < rows)
      sql.run(
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${stage}
         WHERE rowid NOT IN (SELECT new FROM ${matches} WHERE same) ORDER BY rowid`,
      );
    const updated = matched - unchanged;
    return { inserted: rows - matched, updated, unchanged, duplicates, deleted: gone - updated };
  } finally {
    sql.run(`DROP TABLE ${matches}`);
  }
}

function matchRows({ sql, target, table, stage }: TableWrite): void {
  const all = allColumns(target.columns).map(({ name }) => equal(name));
  // CROSS JOIN keeps the order: each staged row is looked up by the index on the key.
  sql.run(
    `CREATE TABLE ${matches} AS
     SELECT t.rowid AS old, s.rowid AS new, (${all.join(' AND ')}) AS same
     FROM ${ident(stage)} AS s CROSS JOIN ${ident(table)} AS t ON ${target.key.map(equal).join(' AND ')}`,
  );
  // A table that was filled by others may hold a key several times: at most one row of it stays.
  sql.run(
    `UPDATE ${matches} SET same = FALSE
     WHERE same AND old NOT IN (SELECT min(old) FROM ${matches} WHERE same GROUP BY new)`,
  );
}

function equal(name: string): string {
  return `t.${ident(name)} IS s.${ident(name)}`;
}

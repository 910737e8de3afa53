import { ident } from '../../files/quote.ts';
import { orderColumn } from './stage.ts';
import { allColumns, list } from './types.ts';
import type { Counts, TableWrite } from './write-modes.ts';
import { insertStaged, lostStage, noCounts } from './write-modes.ts';

/** From so many rows on it pays to count what is in a new table before it is joined. */
const analyzedRows = 1000;

/**
 * Writes staged rows by key: rows that are equal in all columns stay where they are, others are deleted and inserted.
 * NULL is a value like any other in a key, so nothing is doubled; of staged rows with one key the last one counts.
 *
 * @param scope condition on the final table, whose rows go away unless they are staged; undefined for none
 */
export async function writeByKey(write: TableWrite, scope: string | undefined): Promise<Counts> {
  const { sql, table, stage, columns } = write;
  const duplicates = await dropDuplicates(write, orderColumn);
  const rows = write.rows - duplicates;
  const [filled] = await sql.counts(`SELECT count(*) FROM (SELECT 1 FROM ${table} LIMIT 1) AS first`);
  if (filled === 0) return { ...noCounts, duplicates, inserted: await insertStaged({ ...write, rows }) };

  await sql.run(`SET LOCAL work_mem = '64MB'`);
  const matches = `${stage}_m`;
  const { matched, unchanged } = await matchRows(write, matches);
  let gone = await sql.run(
    `DELETE FROM ${table} AS t USING ${matches} AS m WHERE t.ctid = m.old AND NOT m.same`,
  );
  if (scope !== undefined)
    gone += await sql.run(
      `DELETE FROM ${table} AS t WHERE (${scope})
       AND NOT EXISTS (SELECT 1 FROM ${matches} AS m WHERE m.old = t.ctid AND m.same)`,
    );
  if (unchanged < rows)
    await sql.run(
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${stage} AS s
       WHERE NOT EXISTS (SELECT 1 FROM ${matches} AS m WHERE m.new = s.${orderColumn} AND m.same)`,
    );
  await sql.run(`DROP TABLE ${matches}`);
  const updated = matched - unchanged;
  return { inserted: rows - matched, updated, unchanged, duplicates, deleted: gone - updated };
}

/**
 * Leaves the last row of each key in the stage.
 *
 * @param order the stage's column that tells which one that is
 * @returns rows dropped
 * @throws retryable `warehouse` when the stage lost rows
 */
export async function dropDuplicates(
  { sql, target, stage, rows }: TableWrite,
  order: string,
): Promise<number> {
  const key = list(target.key.map((name) => ({ name })));
  if (rows >= analyzedRows) await sql.run(`ANALYZE ${stage}`);
  const [found = 0, keys = 0] = await sql.counts(
    `SELECT sum(times), count(*) FROM (SELECT count(*) AS times FROM ${stage} GROUP BY ${key}) AS keys`,
  );
  if (found !== rows) throw lostStage(target, rows, found);
  if (keys === rows) return 0;
  return sql.run(
    `DELETE FROM ${stage} WHERE ${order} IN (
       SELECT place FROM (
         SELECT ${order} AS place, row_number() OVER (PARTITION BY ${key} ORDER BY ${order} DESC) AS rank FROM ${stage}
       ) AS ranked WHERE rank > 1)`,
  );
}

async function matchRows(write: TableWrite, matches: string) {
  const { sql, rows } = write;
  await sql.run(`CREATE UNLOGGED TABLE ${matches} AS ${await matchesSql(write, orderColumn)}`);
  if (rows >= analyzedRows) await sql.run(`ANALYZE ${matches}`);
  const count = () =>
    sql.counts(`SELECT count(*), count(DISTINCT new), count(*) FILTER (WHERE same) FROM ${matches}`);
  const [pairs = 0, matched = 0, unchanged = 0] = await count();
  if (pairs === matched) return { matched, unchanged };
  // A table that was filled by others may hold a key several times: at most one row of it stays.
  await sql.run(
    `UPDATE ${matches} SET same = FALSE
     WHERE same AND old NOT IN (SELECT min(old) FROM ${matches} WHERE same GROUP BY new)`,
  );
  return { matched, unchanged: (await count())[2] ?? 0 };
}

/**
 * SELECT of all pairs of rows with one key: `old`, the place of a row in the final table, `new`, that of a staged one, and
 * `same` when all columns are equal.
 */
export async function matchesSql(write: TableWrite, order: string): Promise<string> {
  const { target, table, stage } = write;
  const same = allColumns(target.columns).map(
    ({ name }) => `t.${ident(name)} IS NOT DISTINCT FROM s.${ident(name)}`,
  );
  const joins = await keyJoins(write, (name) => name);
  const found = `SELECT t.ctid AS old, s.${order} AS new, (${same.join(' AND ')}) AS same FROM ${table} AS t`;
  return joins.map((join) => `${found} JOIN ${stage} AS s ON ${join}`).join(' UNION ALL ');
}

/**
 * Conditions that find the stored rows `t` of staged keys `s`, each pair by one of them. NULL equals NULL in a key, for
 * which PostgreSQL has no join that it can hash; so the few rows with a NULL are compared by a text of their own.
 *
 * @param inStage the staged column that holds a key column
 */
export async function keyJoins(
  { sql, target, stage }: Pick<TableWrite, 'sql' | 'target' | 'stage'>,
  inStage: (name: string) => string,
): Promise<readonly string[]> {
  const pairs = target.key.map((name) => ({ t: `t.${ident(name)}`, s: `s.${ident(inStage(name))}` }));
  const equal = pairs.map(({ t, s }) => `${t} = ${s}`).join(' AND ');
  const hasNull = (side: 't' | 's') => `(${pairs.map((pair) => `${pair[side]} IS NULL`).join(' OR ')})`;
  const [withNull] = await sql.counts(
    `SELECT count(*) FROM (SELECT 1 FROM ${stage} AS s WHERE ${hasNull('s')} LIMIT 1) AS first`,
  );
  if (withNull === 0) return [equal];
  const whole = (side: 't' | 's') => `jsonb_build_array(${pairs.map((pair) => pair[side]).join(', ')})`;
  return [equal, `${whole('t')} = ${whole('s')} AND ${hasNull('t')} AND ${hasNull('s')}`];
}

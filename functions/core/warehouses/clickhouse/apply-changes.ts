import { ident, literal, names } from './names.ts';
import { allColumns } from './types.ts';
import type { Counts, TableWrite } from './write-modes.ts';
import { compareStaged, isStaged, markDeleted } from './write-modes.ts';

/** Writes the net changes of a stage, at most one row per key, as `changeColumns` says. */
export async function writeChanges(write: TableWrite, truncate: boolean): Promise<Counts> {
  const { clickhouse, target, final, stage, into } = write;
  const ask = (sql: string) => clickhouse.numbers({ what: `counting changes of ${target.name}`, sql });
  const [upserts = 0, kept = 0, deletes = 0] =
    stage.rows === 0
      ? []
      : await ask(
          `SELECT countIf(_op = 'upsert'), countIf(_op = 'upsert' AND _kept IS NOT NULL), countIf(_op = 'delete') FROM ${stage.ref}`,
        );
  const columns = allColumns(target.columns).map(({ name }) => name);
  const insert = (select: string) =>
    clickhouse.run({
      what: `writing changes of ${target.name}`,
      sql: `INSERT INTO ${into} (${names(columns)}, _version) ${select}`,
    });
  const version = `toUInt64(${write.version})`;
  // After a truncation there is no stored row to take a cell from.
  const plain = truncate ? '' : 'AND _kept IS NULL';
  if (upserts > 0)
    await insert(`SELECT ${names(columns)}, ${version} FROM ${stage.ref} WHERE _op = 'upsert' ${plain}`);
  if (kept > 0 && !truncate) await insert(keptRows(write, columns, version));

  if (truncate) {
    const [deleted = 0] = await ask(`SELECT count() FROM ${final} FINAL`);
    return { inserted: upserts, updated: 0, unchanged: 0, duplicates: 0, deleted };
  }
  const counts = await compareStaged(write, upserts);
  await markDeleted(write, `_copy != 0 AND ${isStaged(write, 'IN')}`);
  const key = names(target.key);
  const gone =
    deletes === 0
      ? 0
      : await markDeleted(write, `(${key}) IN (SELECT ${key} FROM ${stage.ref} WHERE _op = 'delete')`);
  return { ...counts, deleted: counts.deleted + gone };
}

/**
 * Upserts with cells that did not come: those are taken from the stored row that the change began with. When that row is
 * gone, these changes were applied before, and the row of the new key has the cells.
 */
function keptRows({ target, final, stage }: TableWrite, columns: readonly string[], version: string): string {
  const stored = (key: readonly string[]) =>
    `(SELECT ${names(columns)}, 1 AS _found FROM ${final} FINAL WHERE (${names(target.key)}) IN ` +
    `(SELECT ${names(key)} FROM ${stage.ref} WHERE _op = 'upsert' AND _kept IS NOT NULL))`;
  const from = target.key.map((name) => `_from_${name}`);
  const on = (side: string, key: readonly string[]) =>
    target.key
      .map((name, index) => `s.${ident(key[index] ?? name)} <=> ${side}.${ident(name)}`)
      .join(' AND ');
  const cells = columns.map((name) => {
    const column = ident(name);
    return `if(position(s._kept, ${literal(`,${name},`)}) > 0, if(f._found = 1, f.${column}, o.${column}), s.${column}) AS ${column}`;
  });
  return (
    `SELECT ${cells.join(', ')}, ${version} FROM ${stage.ref} AS s LEFT JOIN ${stored(from)} AS f ON ${on('f', from)} ` +
    `LEFT JOIN ${stored(target.key)} AS o ON ${on('o', target.key)} WHERE s._op = 'upsert' AND s._kept IS NOT NULL`
  );
}

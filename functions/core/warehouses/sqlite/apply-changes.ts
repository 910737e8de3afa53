import { ident, list, literal } from './names.ts';
import type { Counts, TableWrite } from './write-modes.ts';
import { noCounts } from './write-modes.ts';

/** Applies net changes, as `changeColumns` says. Must run inside a transaction. */
export function applyChanges(write: TableWrite, truncate: boolean): Counts {
  const { sql, columns, target } = write;
  const table = ident(write.table);
  const stage = ident(write.stage);
  const emptied = truncate ? sql.run(`DELETE FROM ${table}`) : 0;
  fillKept(write);
  const stored = (condition: string) =>
    `SELECT t.rowid FROM ${stage} AS s CROSS JOIN ${table} AS t ON ${matchOf(target.key, '')} WHERE ${condition}`;
  const updated = sql.count(
    `SELECT count(*) FROM ${stage} AS s WHERE ${ident('_op')} = 'upsert'
     AND EXISTS (SELECT 1 FROM ${table} AS t WHERE ${matchOf(target.key, '')})`,
  );
  const removed = sql.run(`DELETE FROM ${table} WHERE rowid IN (${stored(`s.${ident('_op')} = 'delete'`)})`);
  sql.run(`DELETE FROM ${table} WHERE rowid IN (${stored(`s.${ident('_op')} = 'upsert'`)})`);
  const written = sql.run(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${stage} WHERE ${ident('_op')} = 'upsert' ORDER BY rowid`,
  );
  return { ...noCounts, inserted: written - updated, updated, deleted: emptied + removed };
}

/** Fills cells that the source did not send from the stored row, which may have had another key. */
function fillKept({ sql, table, stage, target }: TableWrite): void {
  const kept = new Set(
    sql
      .rows(`SELECT DISTINCT ${ident('_kept')} FROM ${ident(stage)} WHERE ${ident('_kept')} IS NOT NULL`)
      .flatMap(([names]) =>
        String(names)
          .split(',')
          .filter((name) => name !== ''),
      ),
  );
  if (kept.size === 0) return;
  const names = [...kept];
  const cellOf = (name: string) =>
    `CASE WHEN instr(s.${ident('_kept')}, ${literal(`,${name},`)}) > 0 THEN t.${ident(name)} ELSE s.${ident(name)} END`;
  // A row that an earlier commit of the same changes moved is found by its new key; any other by the one it had.
  for (const prefix of ['', '_from_'])
    sql.run(
      `UPDATE ${ident(stage)} AS s SET (${list(names)}) = (${names.map(cellOf).join(', ')})
     FROM ${ident(table)} AS t WHERE s.${ident('_kept')} IS NOT NULL AND ${matchOf(target.key, prefix)}`,
    );
}

function matchOf(key: readonly string[], prefix: string): string {
  return key.map((name) => `t.${ident(name)} IS s.${ident(prefix + name)}`).join(' AND ');
}

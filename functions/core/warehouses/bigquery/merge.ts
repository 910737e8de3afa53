import { differs, fromStage, groupKey, sameKey } from './columns-sql.ts';
import { allColumns, rowColumn } from './fields.ts';
import { ident } from './names.ts';
import { prune } from './partition-range.ts';
import type { Write } from './write.ts';
import { keyColumns } from './write.ts';

/**
 * New keys are inserted, rows that differ updated, equal ones left alone. Of several staged rows with one key the last
 * one counts. Keys that the table holds more than once (somebody else filled it) are deleted first, so they become one.
 *
 * @param options.hasChanges the stage has the columns of `changeColumns`: rows of deleted keys go, and kept cells come
 *   from the stored rows
 */
export function merge(write: Write, { hasChanges = false } = {}): string[] {
  const { target, table, staged, rows, v, number } = write;
  if (staged === undefined) return [];
  const columns = allColumns(target.columns);
  const key = keyColumns(target);
  const { before, source } = sourceOf(write, staged, hasChanges);
  const keys = key.map(({ name }) => ident(name));
  const values = columns.filter(({ name }) => !target.key.includes(name));
  const sets = values.map(({ name }) => `${ident(name)} = s.${ident(name)}`).join(', ');
  const names = columns.map(({ name }) => ident(name));
  const held = `catchment_held_${number}`;
  const pruned = prune(write.range);
  const differ = values.map((column) => differs(column, 's', 't')).join(' OR ') || 'FALSE';
  const isHeldTwice = "h.held > 1 AND h.op = 'upsert'";
  return [
    ...before,
    `CREATE TEMP TABLE ${held} AS SELECT ${keys.map((name) => `ANY_VALUE(s.${name}) AS ${name}`).join(', ')}, ` +
      `s.${rowColumn} AS ${rowColumn}, ${hasChanges ? 'ANY_VALUE(s.`_op`)' : "'upsert'"} AS op, ` +
      `COUNT(t.is_held) AS held FROM ${source} AS s ` +
      `LEFT JOIN (SELECT TRUE AS is_held, ${keys.map((name) => `t.${name}`).join(', ')} FROM ${table} AS t WHERE ${pruned}) AS t ` +
      `ON ${sameKey(key, 's', 't')} GROUP BY s.${rowColumn}`,
    `SET ${v('inserted')} = (SELECT COUNTIF(held = 0 AND op = 'upsert') FROM ${held})`,
    `SET ${v('unchanged')} = (SELECT COUNTIF(held > 0 AND op = 'upsert') FROM ${held})`,
    `SET ${v('duplicates')} = ${rows} - (SELECT COUNT(*) FROM ${held})`,
    `SET ${v('copies')} = (SELECT COALESCE(SUM(h.held - 1), 0) FROM ${held} AS h WHERE ${isHeldTwice})`,
    `SET ${v('gone')} = (SELECT COALESCE(SUM(held), 0) FROM ${held} WHERE op = 'delete')`,
    `IF ${v('copies')} > 0 THEN SET ${v('same')} = (SELECT COUNT(DISTINCT s.${rowColumn}) FROM ${source} AS s ` +
      `JOIN ${held} AS h ON h.${rowColumn} = s.${rowColumn} JOIN ${table} AS t ON ${sameKey(key, 's', 't')} ` +
      `WHERE ${isHeldTwice} AND ${pruned} AND NOT (${differ}))`,
    `DELETE FROM ${table} AS t WHERE ${pruned} AND EXISTS ` +
      `(SELECT 1 FROM ${held} AS h WHERE ${isHeldTwice} AND ${sameKey(key, 'h', 't')})`,
    'END IF',
    `MERGE INTO ${table} AS t USING ${source} AS s ON ${pruned} AND ${sameKey(key, 's', 't')} ` +
      (hasChanges ? "WHEN MATCHED AND s.`_op` = 'delete' THEN DELETE " : '') +
      `WHEN MATCHED AND (${differ}) THEN UPDATE SET ${sets} ` +
      `WHEN NOT MATCHED ${hasChanges ? "AND s.`_op` = 'upsert' " : ''}` +
      `THEN INSERT (${names.join(', ')}) VALUES (${names.map((name) => `s.${name}`).join(', ')})`,
    // What was merged is new, or gone, or changed, or one of several copies that were all deleted above.
    `SET ${v('updated')} = @@row_count - ${v('inserted')} - ${v('gone')} - ${v('same')}`,
    `SET ${v('unchanged')} = ${v('unchanged')} - ${v('updated')}`,
    `SET ${v('deleted')} = ${v('deleted')} + ${v('copies')} + ${v('gone')}`,
  ];
}

/** The staged rows, one per key, with values of the final types; as a query, or as the name of a table made before. */
function sourceOf(
  { target, table, kept, range, number }: Write,
  staged: string,
  hasChanges: boolean,
): { readonly before: readonly string[]; readonly source: string } {
  const columns = allColumns(target.columns);
  const key = keyColumns(target);
  const made = columns.map((column) => {
    const name = ident(column.name);
    return `${fromStage(column, `st.${name}`)} AS ${name}`;
  });
  const own = ['_kept', ...target.key.map((name) => `_from_${name}`)];
  const needed = [...(hasChanges ? ['_op'] : []), ...(kept.length > 0 ? own : [])];
  const source =
    `(SELECT ${[...made, ...needed.map((name) => `st.${ident(name)} AS ${ident(name)}`)].join(', ')}, ` +
    `st.${rowColumn} AS ${rowColumn} FROM ${staged} AS st WHERE TRUE ` +
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${groupKey(key, 'st')} ORDER BY st.${rowColumn} DESC) = 1)`;
  if (kept.length === 0) return { before: [], source };
  const net = `catchment_net_${number}`;
  const filled = columns.map(({ name }) => {
    const column = ident(name);
    if (!kept.includes(name)) return `s.${column} AS ${column}`;
    return (
      `IF(STRPOS(s.\`_kept\`, ',${name},') > 0, IF(k.is_held IS TRUE, k.${column}, IF(o.is_held IS TRUE, o.${column}, s.${column})), ` +
      `s.${column}) AS ${column}`
    );
  });
  const read = [...new Set([...target.key, ...kept])].map((name) => `t.${ident(name)}`);
  const stored =
    `(SELECT TRUE AS is_held, ${read.join(', ')} FROM ${table} AS t WHERE ${prune(range)} ` +
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${groupKey(key, 't')} ORDER BY t.\`_origin\`) = 1)`;
  // When the row that a change began with is gone, the change was applied before, and the row of the new key has the cells.
  const create =
    `CREATE TEMP TABLE ${net} AS SELECT ${filled.join(', ')}, s.\`_op\` AS \`_op\`, s.${rowColumn} AS ${rowColumn} ` +
    `FROM ${source} AS s LEFT JOIN ${stored} AS k ON ${sameKey(key, 's', 'k', '_from_')} ` +
    `LEFT JOIN ${stored} AS o ON ${sameKey(key, 's', 'o')}`;
  return { before: [create], source: net };
}

import { fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Commit, StagedTable } from '../warehouse.ts';
import { differs, fromStage, groupKey, sameKey } from './columns-sql.ts';
import { allColumns, rowColumn } from './fields.ts';
import { ident, tableRef } from './names.ts';
import type { BigquerySettings } from './settings.ts';
import type { BigqueryStage, PartitionRange } from './stage.ts';

/** What is counted for each table of a commit, in variables `v_<count>_<number>` of the script. */
export const counts = ['inserted', 'updated', 'unchanged', 'duplicates', 'deleted'] as const;

/** All variables a table needs. */
export const variables = [...counts, 'same'] as const;

interface Write {
  readonly target: TableTarget;
  /** The final table as SQL. */
  readonly table: string;
  /** The staging table as SQL; undefined when nothing is staged. */
  readonly staged: string | undefined;
  readonly rows: number;
  readonly range: PartitionRange | undefined;
  /** Rows that the slice covers, as SQL about the columns of `t`. */
  readonly scope: string;
  /** Name of a variable. */
  readonly v: (name: string) => string;
  readonly number: number;
}

/**
 * Statements that apply one stage to its table and count what they did. They stand in a transaction, where BigQuery
 * takes no DDL but for temporary tables, so `replace` deletes and inserts; readers see the old rows or the new ones.
 * They need the parameter `@origin` and the variable `v_done`.
 */
export function writeStatements(
  settings: BigquerySettings,
  { stage, writeMode }: StagedTable,
  commit: Pick<Commit, 'origin' | 'window'>,
  number: number,
): string[] {
  const { target, table, rows, range } = stage as BigqueryStage;
  const write: Write = {
    target,
    table: tableRef(settings, target.name),
    staged: rows === 0 ? undefined : tableRef(settings, table),
    rows,
    range,
    scope: scopeOf(target, commit),
    v: (name) => `v_${name}_${number}`,
    number,
  };
  const hasKey = target.key.length > 0;
  switch (writeMode) {
    case 'append':
      return append(write);
    case 'replace':
      return hasKey
        ? [...merge(write), ...deleteGone({ ...write, scope: 'TRUE' })]
        : [...deleteScope({ ...write, scope: 'TRUE' }), ...insertAll(write)];
    case 'merge':
      return merge(write);
    case 'replaceWindow':
      return hasKey ? [...merge(write), ...deleteGone(write)] : [...deleteScope(write), ...insertAll(write)];
  }
}

/** A slice is appended once, whichever lane did it. */
function append(write: Write): string[] {
  if (write.staged === undefined) return [];
  const [insert = '', count = ''] = insertAll(write);
  return [`IF v_done THEN SET ${write.v('unchanged')} = ${write.rows}`, `ELSE ${insert}`, count, 'END IF'];
}

function insertAll(write: Write): string[] {
  if (write.staged === undefined) return [];
  const columns = allColumns(write.target.columns);
  const names = columns.map(({ name }) => ident(name)).join(', ');
  const values = columns.map((column) => fromStage(column, `st.${ident(column.name)}`)).join(', ');
  return [
    `INSERT INTO ${write.table} (${names}) SELECT ${values} FROM ${write.staged} AS st`,
    ...counted(write, 'inserted'),
  ];
}

/**
 * New keys are inserted, rows that differ updated, equal ones left alone. Of several staged rows with one key the last
 * one counts. Keys that the table holds more than once (somebody else filled it) are deleted first, so they become one.
 */
function merge(write: Write): string[] {
  const { target, table, staged, rows, v, number } = write;
  if (staged === undefined) return [];
  const columns = allColumns(target.columns);
  const key = keyColumns(target);
  const made = columns.map((column) => {
    const name = ident(column.name);
    return `${fromStage(column, `st.${name}`)} AS ${name}`;
  });
  const source =
    `(SELECT ${made.join(', ')}, st.${rowColumn} AS ${rowColumn} FROM ${staged} AS st WHERE TRUE ` +
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${groupKey(key, 'st')} ORDER BY st.${rowColumn} DESC) = 1)`;
  const keys = key.map(({ name }) => ident(name));
  const values = columns.filter(({ name }) => !target.key.includes(name));
  const sets = values.map(({ name }) => `${ident(name)} = s.${ident(name)}`).join(', ');
  const names = columns.map(({ name }) => ident(name));
  const held = `catchment_held_${number}`;
  const pruned = prune(write.range);
  const differ = values.map((column) => differs(column, 's', 't')).join(' OR ') || 'FALSE';
  return [
    `CREATE TEMP TABLE ${held} AS SELECT ${keys.map((name) => `ANY_VALUE(s.${name}) AS ${name}`).join(', ')}, ` +
      `s.${rowColumn} AS ${rowColumn}, COUNT(t.is_held) AS held FROM ${source} AS s ` +
      `LEFT JOIN (SELECT TRUE AS is_held, ${keys.map((name) => `t.${name}`).join(', ')} FROM ${table} AS t WHERE ${pruned}) AS t ` +
      `ON ${sameKey(key, 's', 't')} GROUP BY s.${rowColumn}`,
    `SET ${v('inserted')} = (SELECT COUNTIF(held = 0) FROM ${held})`,
    `SET ${v('unchanged')} = (SELECT COUNTIF(held > 0) FROM ${held})`,
    `SET ${v('duplicates')} = ${rows} - ${v('inserted')} - ${v('unchanged')}`,
    `SET ${v('deleted')} = (SELECT COALESCE(SUM(held - 1), 0) FROM ${held} WHERE held > 1)`,
    `IF ${v('deleted')} > 0 THEN SET ${v('same')} = (SELECT COUNT(DISTINCT s.${rowColumn}) FROM ${source} AS s ` +
      `JOIN ${held} AS h ON h.${rowColumn} = s.${rowColumn} JOIN ${table} AS t ON ${sameKey(key, 's', 't')} ` +
      `WHERE h.held > 1 AND ${pruned} AND NOT (${differ}))`,
    `DELETE FROM ${table} AS t WHERE ${pruned} AND EXISTS ` +
      `(SELECT 1 FROM ${held} AS h WHERE h.held > 1 AND ${sameKey(key, 'h', 't')})`,
    'END IF',
    `MERGE INTO ${table} AS t USING ${source} AS s ON ${pruned} AND ${sameKey(key, 's', 't')} ` +
      `WHEN MATCHED AND (${differ}) THEN UPDATE SET ${sets} ` +
      `WHEN NOT MATCHED THEN INSERT (${names.join(', ')}) VALUES (${names.map((name) => `s.${name}`).join(', ')})`,
    // What was merged is new, or changed, or one of several copies that were all deleted above.
    `SET ${v('updated')} = @@row_count - ${v('inserted')} - ${v('same')}`,
    `SET ${v('unchanged')} = ${v('unchanged')} - ${v('updated')}`,
  ];
}

/** Rows that the slice covered and does not bring again. */
function deleteGone(write: Write): string[] {
  if (write.staged === undefined) return deleteScope(write);
  const isBack = `EXISTS (SELECT 1 FROM ${write.staged} AS s WHERE ${sameKey(keyColumns(write.target), 's', 't')})`;
  return [
    `DELETE FROM ${write.table} AS t WHERE ${write.scope} AND NOT ${isBack}`,
    ...counted(write, 'deleted'),
  ];
}

function deleteScope(write: Write): string[] {
  return [`DELETE FROM ${write.table} AS t WHERE ${write.scope}`, ...counted(write, 'deleted')];
}

function counted({ v }: Write, name: (typeof counts)[number]): string[] {
  return [`SET ${v(name)} = ${v(name)} + @@row_count`];
}

function keyColumns({ key, columns, dataset, name }: TableTarget) {
  return key.map((each) => {
    const found = columns.find((column) => column.name === each);
    if (found !== undefined) return found;
    throw fatal('bad-schema', {
      where: `${dataset}.${name}`,
      what: 'the key names a column that the schema file lacks',
      got: each,
    });
  });
}

function scopeOf({ windowField }: TableTarget, { window }: Pick<Commit, 'origin' | 'window'>): string {
  const mine = 't.`_origin` = @origin';
  if (window === undefined || windowField === undefined) return mine;
  return `${mine} AND t.${ident(windowField)} BETWEEN ${literal('DATE', window.start)} AND ${literal('DATE', window.end)}`;
}

/** Constants, so that BigQuery reads the partitions that staged keys can be in and no others. */
function prune(range: PartitionRange | undefined): string {
  if (range === undefined) return 'TRUE';
  const column = `t.${ident(range.column)}`;
  const { bounds, type } = range;
  const parts = [
    ...(bounds === undefined
      ? []
      : [`${column} BETWEEN ${literal(type, bounds.from)} AND ${literal(type, bounds.to)}`]),
    ...(range.hasNull ? [`${column} IS NULL`] : []),
  ];
  return `(${parts.join(' OR ')})`;
}

function literal(type: PartitionRange['type'], text: string): string {
  if (!/^[0-9:. +-]+$/.test(text))
    throw fatal('bad-input', { what: 'this is no date for BigQuery', got: text });
  return `${type} '${text}'`;
}

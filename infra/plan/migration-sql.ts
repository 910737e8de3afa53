import type { Column } from '../../functions/core/schema.ts';
import { pairColumns } from './pair-columns.ts';
import type { SchemaChange, TableShape } from './schema-change.ts';

export interface Migration {
  /** `project.dataset.table` */
  readonly table: string;
  readonly before: TableShape;
  readonly after: TableShape;
  readonly changes: readonly SchemaChange[];
}

/**
 * BigQuery statements for the changes that a person carries out, to be run before the deployment. One change that
 * needs a copy makes all of them part of that copy. The old table stays, under another name, until somebody drops it.
 */
export function migrationSql({ table, before, after, changes }: Migration): string[] {
  if (changes.some(({ by }) => by === 'copy')) return copySql(table, before, after);
  const statements: string[] = [];
  const alter = `ALTER TABLE ${quote(table)}`;
  for (const change of changes)
    if (change.class === 'rename' && change.by === 'sql')
      statements.push(`${alter} RENAME COLUMN ${quote(change.from ?? '')} TO ${quote(change.to ?? '')};`);
  for (const change of changes)
    if (change.class === 'widen')
      statements.push(
        `${alter} ALTER COLUMN ${quote(change.column ?? '')} SET DATA TYPE ${scalarType(change.to ?? '')};`,
      );
  for (const change of changes)
    if (change.class === 'drop') statements.push(`${alter} DROP COLUMN ${quote(change.column ?? '')};`);
  for (const change of changes) if (change.class === 'key') statements.push(doublesSql(table, after));
  return statements;
}

/** A column's type in GoogleSQL: `INT64`, `ARRAY<STRUCT<a STRING>>`. */
export function sqlType(column: Column): string {
  const inner =
    column.type === 'RECORD'
      ? `STRUCT<${(column.fields ?? []).map((field) => `${quote(field.name)} ${sqlType(field)}`).join(', ')}>`
      : scalarType(column.type);
  return column.mode === 'REPEATED' ? `ARRAY<${inner}>` : inner;
}

function copySql(table: string, before: TableShape, after: TableShape): string[] {
  const copy = `${table}__copy`;
  const name = table.slice(table.lastIndexOf('.') + 1);
  const columns = after.columns.map((column) => {
    const required = column.mode === 'REQUIRED' ? ' NOT NULL' : '';
    return `  ${quote(column.name)} ${sqlType(column)}${required}`;
  });
  const layout = [partitionSql(after), clusterSql(after)].filter((line) => line !== undefined);
  const selected = pairColumns(before.columns, after.columns).flatMap(({ old, new: now }) =>
    now === undefined ? [] : [`  ${valueSql(old, now, '')} AS ${quote(now.name)}`],
  );
  return [
    [
      `CREATE TABLE ${quote(copy)} (`,
      columns.join(',\n'),
      ')',
      ...layout,
      'AS SELECT',
      selected.join(',\n'),
      `FROM ${quote(table)};`,
    ].join('\n'),
    `SELECT (SELECT COUNT(*) FROM ${quote(table)}) = (SELECT COUNT(*) FROM ${quote(copy)}) AS same_rows;`,
    `ALTER TABLE ${quote(table)} RENAME TO ${quote(`${name}__before`)};`,
    `ALTER TABLE ${quote(copy)} RENAME TO ${quote(name)};`,
  ];
}

function partitionSql({ partitionBy, columns }: TableShape): string | undefined {
  if (partitionBy === undefined) return undefined;
  const type = columns.find(({ name }) => name.toLowerCase() === partitionBy.toLowerCase())?.type;
  const isTime = type === 'TIMESTAMP' || type === 'DATETIME';
  return `PARTITION BY ${isTime ? `${type}_TRUNC(${quote(partitionBy)}, DAY)` : quote(partitionBy)}`;
}

function clusterSql({ clusterBy }: TableShape): string | undefined {
  if (clusterBy === undefined || clusterBy.length === 0) return undefined;
  return `CLUSTER BY ${clusterBy.map(quote).join(', ')}`;
}

/** The new column's value, read from the old one. `within` is the record it is a field of. */
function valueSql(old: Column | undefined, now: Column, within: string): string {
  // A query parameter: only a person knows the value that rows without one should get.
  if (old === undefined) return now.mode === 'REQUIRED' ? `@${now.name}` : `CAST(NULL AS ${sqlType(now)})`;
  const read = `${within}${quote(old.name)}`;
  if (old.mode !== 'REPEATED' && now.mode === 'REPEATED')
    return `IF(${read} IS NULL, [], [${castSql(read, old, now)}])`;
  if (old.mode === 'REPEATED' && now.mode !== 'REPEATED') return castSql(`${read}[SAFE_OFFSET(0)]`, old, now);
  if (old.mode !== 'REPEATED') return castSql(read, old, now);
  const item = castSql('item', old, now);
  return item === 'item'
    ? read
    : `ARRAY(SELECT ${item} FROM UNNEST(${read}) AS item WITH OFFSET AS i ORDER BY i)`;
}

function castSql(read: string, old: Column, now: Column): string {
  const single: Column = { ...now, mode: 'NULLABLE' };
  if (old.type === 'RECORD' && now.type === 'RECORD') {
    if (sqlType({ ...old, mode: 'NULLABLE' }) === sqlType(single)) return read;
    const fields = pairColumns(old.fields ?? [], now.fields ?? []).flatMap((pair) =>
      pair.new === undefined
        ? []
        : [`${valueSql(pair.old, pair.new, `${read}.`)} AS ${quote(pair.new.name)}`],
    );
    return `IF(${read} IS NULL, NULL, STRUCT(${fields.join(', ')}))`;
  }
  if (old.type === now.type) return read;
  return now.type === 'JSON' ? `TO_JSON(${read})` : `CAST(${read} AS ${sqlType(single)})`;
}

function doublesSql(table: string, { key = [] }: TableShape): string {
  const columns = key.map(quote).join(', ');
  return `SELECT ${columns}, COUNT(*) AS n FROM ${quote(table)} GROUP BY ${columns} HAVING n > 1;`;
}

function scalarType(type: string): string {
  const names: Readonly<Record<string, string>> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL' };
  return names[type] ?? type;
}

function quote(name: string): string {
  return `\`${name}\``;
}

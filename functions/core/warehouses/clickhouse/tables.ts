import { fatal } from '../../errors.ts';
import type { TableTarget } from '../../pipeline.ts';
import type { Column } from '../../schema.ts';
import type { Clickhouse } from './client.ts';
import { ident, literal, names, tableRef } from './names.ts';
import { allColumns, bareType, clickhouseType, hiddenColumns } from './types.ts';

/** Columns that rows are sorted by, before the hidden ones: the key, else what the declaration clusters by. */
export function sortColumns({
  key,
  clusterBy = [],
}: Pick<TableTarget, 'key' | 'clusterBy'>): readonly string[] {
  return key.length > 0 ? key : clusterBy;
}

/** Settings of every table. A key may hold NULL; a repeated INSERT into a stage, which has the same settings, is dropped. */
const settings = 'allow_nullable_key = 1, non_replicated_deduplication_window = 1000';

/** Creates what is missing of the targets' databases and tables. All is looked up at once before anything is made. */
export async function prepareTables(clickhouse: Clickhouse, targets: readonly TableTarget[]): Promise<void> {
  const [found] = await Promise.all([
    Promise.all(targets.map((target) => readTable(clickhouse, target))),
    prepareDatabases(clickhouse, [...new Set(targets.map(({ dataset }) => dataset))]),
  ]);
  for (const [index, target] of targets.entries()) await prepareTable(clickhouse, target, found[index]);
}

/**
 * Creates the table, or adds the NULLABLE columns that its schema file gained and lets hold NULL what need not be
 * REQUIRED any more.
 *
 * @throws fatal `bad-schema` when a column exists with another type, a gained column is REQUIRED, or the key is another
 */
async function prepareTable(
  clickhouse: Clickhouse,
  target: TableTarget,
  found: FoundTable | undefined,
): Promise<void> {
  const table = tableRef(target.dataset, target.name);
  const where = `${target.dataset}.${target.name}`;
  const wanted = allColumns(target.columns);
  if (found === undefined) {
    const defined = wanted.map((column) => `${ident(column.name)} ${clickhouseType(column)}`);
    await clickhouse.run({
      what: `creating ${where}`,
      sql:
        `CREATE TABLE IF NOT EXISTS ${table} (${[...defined, ...hiddenColumns].join(', ')}) ` +
        `ENGINE = ReplacingMergeTree(_version, _is_deleted) ` +
        `ORDER BY (${names([...sortColumns(target), '_copy', '_row'])}) SETTINGS ${settings}`,
      isRepeatable: true,
    });
    return;
  }
  checkSorting(target, found);
  const changes = wanted.flatMap((column) => changeOf(target, column, found));
  if (changes.length === 0) return;
  await clickhouse.run({
    what: `changing the columns of ${where}`,
    sql: `ALTER TABLE ${table} ${changes.join(', ')}`,
    isRepeatable: true,
  });
}

interface FoundTable {
  readonly sorting: string;
  /** By name in lower case, in order. */
  readonly columns: ReadonlyMap<
    string,
    { readonly name: string; readonly type: string; readonly isSorted: boolean }
  >;
}

async function readTable(clickhouse: Clickhouse, target: TableTarget): Promise<FoundTable | undefined> {
  const { rows } = await clickhouse.select({
    what: `reading the columns of ${target.dataset}.${target.name}`,
    sql:
      `SELECT name, type, is_in_sorting_key, (SELECT sorting_key FROM system.tables WHERE database = {d:String} AND name = {t:String}) ` +
      'FROM system.columns WHERE database = {d:String} AND table = {t:String} ORDER BY position',
    params: { d: target.dataset, t: target.name },
  });
  if (rows.length === 0) return undefined;
  return {
    sorting: String(rows[0]?.[3]),
    columns: new Map(
      rows.map(([name, type, sorted]) => [
        String(name).toLowerCase(),
        { name: String(name), type: String(type), isSorted: Number(sorted) === 1 },
      ]),
    ),
  };
}

/** Without its hidden columns, or with another key, a table cannot tell its rows apart as commits need it. */
function checkSorting(target: TableTarget, { sorting, columns }: FoundTable): void {
  const where = `${target.dataset}.${target.name}`;
  if (!columns.has('_copy') || !columns.has('_is_deleted'))
    throw fatal('bad-schema', {
      where,
      what: 'the table was not made by Catchment, so commits into it could not be told apart',
      todo: 'name another table in the stack file, or rename that one',
    });
  const wanted = [...sortColumns(target), '_copy', '_row'].join(', ');
  if (sorting.replaceAll('`', '') === wanted) return;
  throw fatal('bad-schema', {
    where,
    what: 'the table is sorted by another key than the declaration has now, and ClickHouse cannot change that',
    got: sorting,
    allowed: wanted,
    todo: 'rename the table, and load it anew',
  });
}

function changeOf(target: TableTarget, column: Column, { columns }: FoundTable): string[] {
  const where = `${target.dataset}.${target.name}`;
  const held = columns.get(column.name.toLowerCase());
  const type = clickhouseType(column);
  if (held === undefined) {
    if (column.mode === 'REQUIRED')
      throw fatal('bad-schema', {
        where,
        what: `the table exists without the REQUIRED column "${column.name}"`,
        todo: `make it NULLABLE in schemas/${target.schema}.json, or load the table anew`,
      });
    return [`ADD COLUMN IF NOT EXISTS ${ident(column.name)} ${type} AFTER ${ident(lastVisible(columns))}`];
  }
  if (held.type.replace(/^Nullable\((.*)\)$/, '$1') !== bareType(column))
    throw fatal('bad-schema', {
      where,
      what: `column "${column.name}" of the table has another type than schemas/${target.schema}.json`,
      got: held.type,
      allowed: type,
      todo: 'change the schema file back, or alter the column by hand',
    });
  if (held.type.startsWith('Nullable(') || column.mode === 'REQUIRED') return [];
  if (held.isSorted)
    throw fatal('bad-schema', {
      where,
      what: `column "${column.name}" of the key was REQUIRED, and ClickHouse cannot change a column of the key`,
      todo: `make it REQUIRED in schemas/${target.schema}.json, or load the table anew`,
    });
  return [`MODIFY COLUMN ${ident(column.name)} ${type}`];
}

/** The hidden columns stand at the end. */
function lastVisible(columns: FoundTable['columns']): string {
  const hidden = ['_copy', '_row', '_version', '_is_deleted'];
  const visible = [...columns.values()].filter(({ name }) => !hidden.includes(name));
  return visible.at(-1)?.name ?? '_extra';
}

/** Creates databases that are missing; needs no right when they are there. */
export async function prepareDatabases(clickhouse: Clickhouse, wanted: readonly string[]): Promise<void> {
  if (wanted.length === 0) return;
  const { rows } = await clickhouse.select({
    what: 'listing databases',
    sql: `SELECT name FROM system.databases WHERE name IN (${wanted.map(literal).join(', ')})`,
  });
  const found = new Set(rows.map(([name]) => name));
  await Promise.all(
    wanted
      .filter((each) => !found.has(each))
      .map((name) =>
        clickhouse.run({
          what: `creating the database ${name}`,
          sql: `CREATE DATABASE IF NOT EXISTS ${ident(name)}`,
          isRepeatable: true,
        }),
      ),
  );
}

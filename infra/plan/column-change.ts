import { type Column, type ColumnType, systemColumns } from '../../functions/core/schema.ts';
import { type ColumnPair, movedColumns, pairColumns } from './pair-columns.ts';
import type { SchemaChange } from './schema-change.ts';

/**
 * What `ALTER COLUMN SET DATA TYPE` takes: types that hold every value of the old one.
 * https://cloud.google.com/bigquery/docs/reference/standard-sql/data-definition-language#alter_column_set_data_type_statement
 */
const wider: Partial<Record<ColumnType, readonly ColumnType[]>> = {
  INTEGER: ['NUMERIC', 'BIGNUMERIC', 'FLOAT'],
  NUMERIC: ['BIGNUMERIC', 'FLOAT'],
};

/**
 * The changes from one list of columns to another. `path` names the record they are fields of; `fixed` holds the
 * lower-case names of the columns that the table is partitioned or clustered by.
 */
export function columnChanges(
  before: readonly Column[],
  after: readonly Column[],
  path: readonly string[],
  fixed: ReadonlySet<string>,
): SchemaChange[] {
  const pairs = pairColumns(before, after);
  const isNested = path.length > 0;
  const changes: SchemaChange[] = [];
  for (const { old, new: now } of pairs) {
    if (old === undefined && now !== undefined) changes.push(added(now, isBeforeOld(now, pairs), path));
    else if (old !== undefined && now === undefined) changes.push(dropped(old, path, fixed));
    else if (old !== undefined && now !== undefined) changes.push(...changed(old, now, path, fixed));
  }
  const moved = movedColumns(pairs, before);
  if (moved.length > 0)
    changes.push({
      class: 'reorder',
      column: isNested ? path.join('.') : undefined,
      to: moved.join(', '),
      by: 'nobody',
      meaning: 'the table keeps its order; columns are read and written by name, so nothing has to be done',
    });
  return changes;
}

function added(column: Column, isInside: boolean, path: readonly string[]): SchemaChange {
  const base = { class: 'add', column: joined(path, column), to: describeType(column) } as const;
  if (column.mode === 'REQUIRED')
    return {
      ...base,
      by: 'copy',
      meaning:
        'a table that exists cannot get a REQUIRED column: make it NULLABLE, or copy the table with a value',
    };
  const empty = column.mode === 'REPEATED' ? 'an empty list' : 'NULL';
  const where = isInside ? '; BigQuery appends it at the end, whatever its place in the file' : '';
  return { ...base, by: 'deploy', meaning: `rows that exist get ${empty}${where}` };
}

/** Whether an old column of the schema file comes after a new one. The kit's own are last whatever the file says. */
function isBeforeOld(column: Column, pairs: readonly ColumnPair[]): boolean {
  const own = systemColumns.map(({ name }) => name);
  const at = pairs.findIndex((pair) => pair.new === column);
  return pairs
    .slice(at + 1)
    .some((pair) => pair.old !== undefined && pair.new !== undefined && !own.includes(pair.new.name));
}

function dropped(column: Column, path: readonly string[], fixed: ReadonlySet<string>): SchemaChange {
  const base = { class: 'drop', column: joined(path, column), from: describeType(column) } as const;
  const reason = obstacle(column, path, fixed);
  if (reason !== undefined)
    return {
      ...base,
      by: 'copy',
      meaning: `its values are lost; ${reason} cannot be dropped in place`,
    };
  return {
    ...base,
    by: 'sql',
    meaning: 'its values are lost; time travel reads them for up to 7 days (FOR SYSTEM_TIME AS OF)',
  };
}

function changed(
  old: Column,
  now: Column,
  path: readonly string[],
  fixed: ReadonlySet<string>,
): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const column = joined(path, now);
  if (old.name.toLowerCase() !== now.name.toLowerCase()) {
    const reason = obstacle(old, path, fixed);
    changes.push({
      class: 'rename',
      column,
      from: old.name,
      to: now.name,
      by: reason === undefined ? 'sql' : 'copy',
      meaning:
        `values stay, queries that use "${old.name}" break; taken for a rename because type, mode and place are ` +
        `equal${reason === undefined ? '' : `; ${reason} cannot be renamed in place`}`,
    });
  }
  changes.push(...typeChange(old, now, column, path, fixed), ...modeChange(old, now, column));
  if (old.type === 'RECORD' && now.type === 'RECORD')
    changes.push(...columnChanges(old.fields ?? [], now.fields ?? [], [...path, now.name], new Set()));
  if ((old.description ?? '') !== (now.description ?? ''))
    changes.push({
      class: 'describe',
      column,
      by: 'deploy',
      meaning: 'the description changes, data does not',
    });
  return changes;
}

function typeChange(
  old: Column,
  now: Column,
  column: string,
  path: readonly string[],
  fixed: ReadonlySet<string>,
): SchemaChange[] {
  if (old.type === now.type) return [];
  const base = { column, from: old.type, to: now.type };
  const isWider = wider[old.type]?.includes(now.type) ?? false;
  if (!isWider)
    return [
      {
        ...base,
        class: 'retype',
        by: 'copy',
        meaning: `each ${old.type} value must be cast to ${now.type}; the copy fails at the first that cannot be`,
      },
    ];
  const reason = old.mode === 'REPEATED' ? 'a REPEATED column' : obstacle(old, path, fixed);
  const exact = now.type === 'FLOAT' ? '; FLOAT is exact for whole numbers up to 2^53 only' : '';
  const means = `values are converted in place${exact}`;
  if (reason === undefined) return [{ ...base, class: 'widen', by: 'sql', meaning: means }];
  const copied = `values are converted by the copy${exact}; ${reason} cannot be converted in place`;
  return [{ ...base, class: 'widen', by: 'copy', meaning: copied }];
}

function modeChange(old: Column, now: Column, column: string): SchemaChange[] {
  if (old.mode === now.mode) return [];
  const base = { column, from: old.mode, to: now.mode };
  if (old.mode === 'REQUIRED' && now.mode === 'NULLABLE')
    return [{ ...base, class: 'relax', by: 'deploy', meaning: 'rows that exist stay as they are' }];
  if (old.mode === 'NULLABLE' && now.mode === 'REQUIRED')
    return [
      {
        ...base,
        class: 'tighten',
        by: 'copy',
        meaning: 'a table that exists cannot be made stricter; the copy fails if any row has NULL there',
      },
    ];
  return [
    {
      ...base,
      class: 'retype',
      by: 'copy',
      meaning: 'a list is stored differently from a single value; the copy has to turn one into the other',
    },
  ];
}

/** `STRING`, `INTEGER REQUIRED` */
export function describeType({ type, mode }: Column): string {
  return mode === 'NULLABLE' ? type : `${type} ${mode}`;
}

/** Why a column cannot be renamed, dropped or converted by a statement. */
function obstacle(column: Column, path: readonly string[], fixed: ReadonlySet<string>): string | undefined {
  if (path.length > 0) return 'a field inside a RECORD';
  if (fixed.has(column.name.toLowerCase())) return 'a column that the table is partitioned or clustered by';
  return undefined;
}

function joined(path: readonly string[], { name }: Column): string {
  return [...path, name].join('.');
}

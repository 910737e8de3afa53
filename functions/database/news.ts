import type { Mapped } from '../core/describe-columns.ts';
import { declaredType } from '../core/describe-columns.ts';
import { fatal } from '../core/errors.ts';
import type { Log } from '../core/extract.ts';
import type { Column, ColumnType } from '../core/schema.ts';
import type { Pair } from './columns.ts';
import type { DatabaseOptions } from './source.ts';

/** Something that is new in the source and harms no row; it goes to the log. */
export interface News {
  readonly message: string;
  readonly columns: readonly string[];
}

interface Change {
  readonly pair: Pair;
  /** `"total" was integer and is text`. */
  readonly text: string;
}

/**
 * What changed in the source since its schema file was written. Values of a type that the column was not chosen for might
 * be cut (the time of a date), rounded or read in another way, all without a word.
 *
 * @throws fatal `bad-schema` when a column does not hold every value of the type that the source has now
 */
export function newsOf(found: {
  readonly table: string;
  readonly options: DatabaseOptions;
  readonly pairs: readonly Pair[];
  readonly unread: readonly string[];
}): News[] {
  const changes = found.pairs.flatMap(changeOf);
  const broken = changes.filter(({ pair }) => !holds(pair));
  if (broken.length > 0)
    throw fatal('bad-schema', {
      where: found.table,
      what: `${found.options.from ?? 'the query'} changed since its schema file was written: ${broken
        .map(({ pair, text }) => `${text} now, which ${pair.column.type} may not hold`)
        .join('; ')}`,
      todo: 'see what differs with npx catchment schema infer --check, and write the schema file anew with --force; to keep the column as it is, set its `sourceType` to the new type',
    });
  return [
    {
      message: 'columns that the schema file does not name are not read',
      columns: found.unread,
    },
    {
      message: 'columns have another type than the schema file was written for, and still fit',
      columns: changes.map(({ text }) => text),
    },
  ].filter(({ columns }) => columns.length > 0);
}

export function logNews(log: Log, table: string, news: readonly News[]): void {
  for (const { columns, message } of news) log.warn({ table, columns }, message);
}

function changeOf(pair: Pair): Change[] {
  const { column, source } = pair;
  const now = declaredType(source.fullType);
  if (source.mapped === undefined || column.sourceType === undefined || column.sourceType === now) return [];
  return [{ pair, text: `"${source.name}" was ${column.sourceType} and is ${now}` }];
}

const wider: Partial<Record<ColumnType, readonly ColumnType[]>> = {
  INTEGER: ['NUMERIC', 'BIGNUMERIC'],
  NUMERIC: ['BIGNUMERIC'],
  DATE: ['DATETIME'],
};

const moments: readonly ColumnType[] = ['TIME', 'DATETIME', 'TIMESTAMP'];

function holds({ column, source }: Pair): boolean {
  const { mapped } = source;
  if (mapped === undefined || isSame(column, mapped)) return true;
  // A text may be no JSON; everything else is written as JSON.
  if (column.type === 'JSON' && column.mode !== 'REPEATED') return mapped.type !== 'STRING';
  if (mapped.mode === 'REPEATED' || column.mode === 'REPEATED') return false;
  if (column.type === 'STRING') return mapped.type !== 'BYTES';
  // A person may call a date-time without a zone a TIMESTAMP; more digits of its seconds are no reason to ask again.
  if (moments.includes(column.type) && plainName(column.sourceType ?? '') === plainName(source.fullType))
    return true;
  return wider[mapped.type]?.includes(column.type) ?? false;
}

function isSame(column: Column, mapped: Mapped): boolean {
  return column.type === mapped.type && (column.mode === 'REPEATED') === (mapped.mode === 'REPEATED');
}

/** `timestamp(3) without time zone` is a `timestamp without time zone`. */
function plainName(fullType: string): string {
  return fullType.replaceAll(/\([^)]*\)/g, '');
}

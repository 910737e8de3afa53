import type { Mapped } from '../core/describe-columns.ts';
import { fatal } from '../core/errors.ts';
import type { Column } from '../core/schema.ts';
import type { News } from './news.ts';
import { newsOf } from './news.ts';
import type { DatabaseOptions } from './source.ts';

/** A column as the database describes it. */
export interface SourceColumn {
  readonly name: string;
  /** The database's word for the type without length or precision, such as `int4`, `varchar`, `timestamptz`. */
  readonly type: string;
  /** The type in full, for people. */
  readonly fullType: string;
  /** The schema type that holds all of its values; undefined where the database does not say what it has. */
  readonly mapped?: Mapped | undefined;
}

/** A column of the schema file beside the column that fills it. */
export interface Pair<C extends SourceColumn = SourceColumn> {
  readonly column: Column;
  readonly source: C;
}

/**
 * Finds the source's column for each column of the schema file that the table's entry asks for.
 *
 * @throws fatal `bad-schema` when the source lacks one (it was dropped or renamed), with the columns it has instead, or
 *   when one has another type now than the schema file was written for, which its column may not hold; fatal `bad-input`
 *   when the entry asks for one that the schema file lacks
 */
export function pairColumns<C extends SourceColumn>(request: {
  readonly table: string;
  readonly columns: readonly Column[];
  readonly found: readonly C[];
  readonly options: DatabaseOptions;
}): { readonly pairs: readonly Pair<C>[]; readonly news: readonly News[] } {
  const { table, columns, found, options } = request;
  const unknown = options.columns?.find((name) => !columns.some((column) => column.name === name));
  if (unknown !== undefined)
    throw fatal('bad-input', {
      where: table,
      what: '`columns` names a column that the schema file lacks',
      got: unknown,
      allowed: columns.map(({ name }) => name),
    });
  const wanted = columns.filter(({ name }) => options.columns?.includes(name) ?? true);
  const named = (column: Column) => found.find(({ name }) => name === (column.sourceName ?? column.name));
  const missing = wanted.filter((column) => named(column) === undefined);
  const known = new Set(columns.map((column) => column.sourceName ?? column.name));
  const unread = found.map(({ name }) => name).filter((name) => !known.has(name));
  if (missing.length > 0) throw lacking(request, missing, unread);
  const pairs = wanted.flatMap((column) => {
    const source = named(column);
    return source === undefined ? [] : [{ column, source }];
  });
  return { pairs, news: newsOf({ table, options, pairs, unread }) };
}

function lacking(
  { table, options, found }: { table: string; options: DatabaseOptions; found: readonly SourceColumn[] },
  missing: readonly Column[],
  unread: readonly string[],
) {
  const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');
  const instead =
    unread.length === 0 ? '' : `, and has ${quoted(unread)}, which the schema file does not know`;
  return fatal('bad-schema', {
    where: table,
    what: `${options.from ?? 'the query'} lacks ${quoted(missing.map((each) => each.sourceName ?? each.name))}, which the schema file names${instead}`,
    allowed: found.map(({ name }) => name),
    todo: 'was it renamed, set `sourceName` of the column in the schema file; was it dropped, leave it out of `columns` or of the schema file',
  });
}

import { fatal } from '../core/errors.ts';
import type { Column } from '../core/schema.ts';
import type { Pair, SourceColumn } from './columns.ts';

/** Types of a database that keep every value, and the order, of a watermark's type in the schema file. */
export type FittingTypes = Readonly<Partial<Record<Column['type'], readonly string[]>>>;

/**
 * The columns of the watermark.
 *
 * @throws fatal `bad-input` when it is not among the columns that are read; fatal `bad-schema` when its type in the
 *   schema file would not keep its order
 */
export function findWatermark<C extends SourceColumn>(
  pairs: readonly Pair<C>[],
  field: string | undefined,
  { fitting, table }: { readonly fitting: FittingTypes; readonly table: string },
): Pair<C> {
  const pair = pairs.find(({ column }) => column.name === field);
  if (pair === undefined)
    throw fatal('bad-input', {
      where: table,
      what: 'the watermark is not among the columns that are read',
      got: field,
      allowed: pairs.map(({ column }) => column.name),
      todo: 'add it to `columns` of the table in the stack file',
    });
  const { column, source } = pair;
  const types = fitting[column.type] ?? [];
  if (types.includes(source.type) && column.mode !== 'REPEATED') return pair;
  throw fatal('bad-schema', {
    where: table,
    what: `the watermark "${column.name}" is ${column.type} in the schema file, but ${source.fullType} in the database`,
    allowed: types.length === 0 ? Object.keys(fitting) : types,
    todo: 'name a column that both hold in the same order, or correct the schema file',
  });
}

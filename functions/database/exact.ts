import type { ExactColumns } from '../core/bytes.ts';
import type { Column } from '../core/schema.ts';
import type { Pair } from './columns.ts';

/** The database's words for types that print in the canonical form of a schema type, or out of its range. */
export type ExactTypes = Partial<Readonly<Record<Column['type'], readonly string[]>>>;

/**
 * Columns whose cells no reader has to look at.
 *
 * @param decimal the word for decimals, whose full type says the digits
 */
export function exactColumns(pairs: readonly Pair[], types: ExactTypes, decimal: string): ExactColumns {
  const exact: Record<string, ExactColumns[string]> = {};
  for (const { column, source } of pairs) {
    if (column.mode === 'REPEATED') continue;
    const [, precision, scale = '0'] = /\((\d+)(?:,(-?\d+))?\)/.exec(source.fullType) ?? [];
    // Its upper half is beyond an INTEGER.
    if (/^bigint.* unsigned/.test(source.fullType)) continue;
    if (types[column.type]?.includes(source.type) === true) exact[column.name] = true;
    else if (column.type === 'NUMERIC' && source.type === decimal && precision !== undefined)
      exact[column.name] = { precision: Number(precision), scale: Number(scale) };
  }
  return exact;
}

import type { Column } from '../../core/schema.ts';
import type { Pair } from '../columns.ts';
import type { Watermark } from '../ranges.ts';
import type { FittingTypes } from '../watermark.ts';
import { quoteName } from './relation.ts';

export const fitting: FittingTypes = {
  INTEGER: ['INTEGER', 'INT64'],
  DATE: ['DATE'],
  DATETIME: ['DATETIME'],
  TIMESTAMP: ['TIMESTAMP'],
};

/** The smallest value of each type. */
const first: Readonly<Partial<Record<Column['type'], string>>> = {
  INTEGER: '-9223372036854775808',
  DATE: '0001-01-01',
  DATETIME: '0001-01-01 00:00:00',
  TIMESTAMP: '0001-01-01 00:00:00',
};

/** @param isFiltered BigQuery refuses to read the table without a condition on this column */
export function watermarkOf({ column, source }: Pair, isFiltered = false): Watermark {
  const name = quoteName(source.name);
  const literal = (value: string) => {
    const quoted = `'${value.replaceAll(/[^\d :.-]/g, '')}'`;
    if (column.type === 'INTEGER') return `CAST(${quoted} AS INT64)`;
    if (column.type === 'TIMESTAMP') return `CAST('${quoted.slice(1, -1)}+00' AS TIMESTAMP)`;
    return `CAST(${quoted} AS ${column.type})`;
  };
  return {
    name,
    // Cells are made text when they have arrived.
    text: name,
    literal,
    finite: isFiltered ? [`${name} >= ${literal(first[column.type] ?? '')}`] : [],
    empty: `${name} IS NULL`,
    endless: undefined,
  };
}

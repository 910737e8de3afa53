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

export function watermarkOf({ column, source }: Pair): Watermark {
  const name = quoteName(source.name);
  return {
    name,
    // Cells are made text when they have arrived.
    text: name,
    literal(value) {
      const quoted = `'${value.replaceAll(/[^\d :.-]/g, '')}'`;
      if (column.type === 'INTEGER') return `CAST(${quoted} AS INT64)`;
      if (column.type === 'TIMESTAMP') return `CAST('${quoted.slice(1, -1)}+00' AS TIMESTAMP)`;
      return `CAST(${quoted} AS ${column.type})`;
    },
    finite: [],
    empty: `${name} IS NULL`,
    endless: undefined,
  };
}

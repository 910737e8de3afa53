import type { Column } from '../../core/schema.ts';
import type { Pair } from '../columns.ts';
import type { Watermark } from '../ranges.ts';
import type { FittingTypes } from '../watermark.ts';
import { cellOf, quoteName, quoteText } from './cells.ts';

export const fitting: FittingTypes = {
  INTEGER: ['int2', 'int4', 'int8'],
  DATE: ['date'],
  DATETIME: ['timestamp', 'timestamptz'],
  TIMESTAMP: ['timestamptz', 'timestamp'],
};

/** @param zone the zone of date-times that have none, and are TIMESTAMP in the schema file */
export function watermarkOf(pair: Pair, zone: string): Watermark {
  const { column, source } = pair;
  const name = quoteName(source.name);
  const isNumber = column.type === 'INTEGER';
  return {
    name,
    text: `${cellOf(pair, zone).text}::text`,
    literal: (value) => literalOf(column.type, source.type, value, quoteText(zone)),
    // PostgreSQL's 'infinity' is no moment, and would be the newest for ever.
    finite: isNumber ? [] : [`${name} < 'infinity'`, `${name} > '-infinity'`],
    empty: `${name} IS NULL`,
    endless: isNumber ? undefined : `${name} IN ('infinity', '-infinity')`,
  };
}

function literalOf(wanted: Column['type'], type: string, value: string, zone: string): string {
  const text = quoteText(value);
  switch (wanted) {
    case 'DATE':
      return `${text}::date`;
    case 'DATETIME':
      return type === 'timestamp' ? `${text}::timestamp` : `(${text}::timestamp AT TIME ZONE ${zone})`;
    case 'TIMESTAMP': {
      const moment = `${quoteText(`${value}+00`)}::timestamptz`;
      return type === 'timestamptz' ? moment : `(${moment} AT TIME ZONE ${zone})`;
    }
    default:
      return `${text}::int8`;
  }
}

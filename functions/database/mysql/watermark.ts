import type { Column } from '../../core/schema.ts';
import type { Pair } from '../columns.ts';
import type { Watermark } from '../ranges.ts';
import type { FittingTypes } from '../watermark.ts';
import type { MysqlColumn } from './cells.ts';
import { cellOf, quoteName, quoteText, utcNames } from './cells.ts';

export const fitting: FittingTypes = {
  INTEGER: ['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year'],
  DATE: ['date'],
  DATETIME: ['datetime', 'timestamp'],
  TIMESTAMP: ['timestamp', 'datetime'],
};

/** @param zone the zone of date-times that have none, and are TIMESTAMP in the schema file */
export function watermarkOf(pair: Pair<MysqlColumn>, zone: string): Watermark {
  const { column, source } = pair;
  const name = quoteName(source.name);
  const isNumber = column.type === 'INTEGER';
  return {
    name,
    text: `CAST(${cellOf(pair, zone).sql} AS CHAR)`,
    literal: (value) => literalOf(column.type, source.type, value, zone),
    // A zero date is no date, and would be the oldest for ever.
    finite: isNumber ? [] : [`${name} <> 0`],
    empty: isNumber ? `${name} IS NULL` : `${name} IS NULL OR ${name} = 0`,
    endless: undefined,
  };
}

function literalOf(wanted: Column['type'], type: string, value: string, zone: string): string {
  if (wanted === 'INTEGER') return /^-?\d+$/.test(value) ? value : quoteText(value);
  const text = quoteText(value);
  if (utcNames.includes(zone)) return text;
  if (wanted === 'TIMESTAMP' && type === 'datetime')
    return `CONVERT_TZ(${text}, '+00:00', ${quoteText(zone)})`;
  if (wanted === 'DATETIME' && type === 'timestamp')
    return `CONVERT_TZ(${text}, ${quoteText(zone)}, '+00:00')`;
  return text;
}

import type { Column } from '../../core/schema.ts';
import type { Pair, SourceColumn } from '../columns.ts';
import type { ExactTypes } from '../exact.ts';
import type { CellKind } from './encode.ts';

export interface MysqlColumn extends SourceColumn {
  /** `tinyint(1)`, which is how a BOOLEAN is declared. */
  readonly isFlag: boolean;
}

/** SQL that gives one column as text, and what is left to do to that text. */
export interface Cell {
  readonly sql: string;
  readonly kind: CellKind;
}

const integers = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'year'];
const binaries = ['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'];
const geometries = [
  ...['geometry', 'point', 'linestring', 'polygon', 'multipoint', 'multilinestring', 'multipolygon'],
  ...['geometrycollection', 'geomcollection'],
];
const moments = ['datetime', 'timestamp'];
/** A year 0, a time beyond a day: such a value is out of range, and no reader takes it for another. */
export const exactTypes: ExactTypes = {
  INTEGER: integers,
  BOOLEAN: integers,
  BYTES: binaries,
  TIME: ['time'],
  DATETIME: [...moments, 'date'],
  TIMESTAMP: [...moments, 'date'],
};
export const utcNames = ['UTC', 'Etc/UTC', '+00:00'];

export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Texts of our own making: dates, numbers, names of zones. */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** @param zone the zone of date-times that have none, and are TIMESTAMP in the schema file */
export function cellOf({ column, source }: Pair<MysqlColumn>, zone: string): Cell {
  const name = quoteName(source.name);
  const { type } = source;
  if (geometries.includes(type)) return { sql: `ST_AsText(${name})`, kind: 'text' };
  if (type === 'bit') {
    const sql = `(${name} + 0)`;
    return { sql, kind: column.type === 'BOOLEAN' ? 'flag' : 'plain' };
  }
  if (column.type === 'BYTES') return { sql: name, kind: 'bytes' };
  // As text a FLOAT has six digits, as a DOUBLE all that tell it from its neighbours.
  if (type === 'float') return { sql: `(${name} + 0e0)`, kind: 'plain' };
  if (binaries.includes(type)) return { sql: `CONVERT(${name} USING utf8mb4)`, kind: 'text' };
  if (integers.includes(type)) return { sql: name, kind: column.type === 'BOOLEAN' ? 'flag' : 'plain' };
  if (type === 'double' || type === 'decimal' || type === 'time') return { sql: name, kind: 'plain' };
  if (type === 'date' || moments.includes(type))
    return { sql: momentSql(name, type, column.type, zone), kind: 'day' };
  return { sql: name, kind: 'text' };
}

/** The session is in UTC, so a `timestamp` comes in UTC; a `datetime` has no zone. */
function momentSql(name: string, type: string, wanted: Column['type'], zone: string): string {
  const isConverted = !utcNames.includes(zone);
  const zoned = quoteText(zone);
  if (wanted === 'DATE' && type !== 'date') return `CAST(${name} AS DATE)`;
  if (wanted === 'TIMESTAMP' && type === 'datetime' && isConverted)
    return `CONVERT_TZ(${name}, ${zoned}, '+00:00')`;
  if (wanted === 'DATETIME' && type === 'timestamp' && isConverted)
    return `CONVERT_TZ(${name}, '+00:00', ${zoned})`;
  return type === 'date' && (wanted === 'DATETIME' || wanted === 'TIMESTAMP')
    ? `CAST(${name} AS DATETIME)`
    : name;
}

import { reasonFor } from '../../../files/cell-value.ts';
import type { Column } from '../../../schema.ts';
import { sqlType } from '../columns-sql.ts';
import type { TableField } from '../fields.ts';
import { shapeOf, tableField } from '../fields.ts';
import type { CellSql } from '../pipe/canonical-sql.ts';
import { cellOf } from '../pipe/canonical-sql.ts';
import { lenientCell } from './lenient-sql.ts';

/** Types whose values a column takes besides its own, when nothing of the value is lost. */
const narrower: Readonly<Partial<Record<Column['type'], readonly string[]>>> = {
  INTEGER: ['FLOAT', 'NUMERIC', 'BIGNUMERIC'],
  FLOAT: ['INTEGER', 'NUMERIC', 'BIGNUMERIC'],
  NUMERIC: ['INTEGER', 'BIGNUMERIC'],
  BIGNUMERIC: ['INTEGER', 'NUMERIC'],
  DATE: ['DATETIME', 'TIMESTAMP'],
  DATETIME: ['DATE'],
  TIMESTAMP: ['DATETIME', 'DATE'],
};

/**
 * A cell that has a type already, as Parquet brings it.
 *
 * @param value SQL of it
 * @returns undefined when a column of that type cannot take it
 */
export function typedCell(column: Column, found: TableField, value: string): CellSql | undefined {
  const type = shapeOf({ ...found, mode: 'NULLABLE' });
  if (shapeOf(found) === shapeOf(tableField(column))) {
    const made = column.type === 'JSON' ? `TO_JSON_STRING(${value})` : value;
    const flaws =
      column.mode === 'REQUIRED' ? [{ when: `${value} IS NULL`, reason: 'is required and missing' }] : [];
    return { value: column.type === 'JSON' ? `IF(${value} IS NULL, NULL, ${made})` : made, flaws };
  }
  if (column.mode === 'REPEATED' || column.type === 'RECORD' || found.mode === 'REPEATED') return undefined;
  if (type === 'STRING') return lenientCell(column, value);
  if (column.type === 'STRING' && found.fields === undefined && type !== 'BYTES')
    return cellOf(column, value, `CAST(${value} AS STRING)`, '');
  if (narrower[column.type]?.includes(type) !== true) return undefined;
  const cast = `SAFE_CAST(${value} AS ${sqlType(column)})`;
  // Back again it must be the same, or a part of it was rounded away.
  const back = `CAST(${cast} AS ${sqlType({ ...column, type: type as Column['type'] })})`;
  const kept = column.type === 'FLOAT' ? cast : `IF(${back} = ${value}, ${cast}, NULL)`;
  return cellOf(column, value, kept, reasonFor(column));
}

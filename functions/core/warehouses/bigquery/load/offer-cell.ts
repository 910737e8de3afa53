import type { Column } from '../../../schema.ts';
import type { ResultField } from '../cells.ts';
import { shapeOf, tableField } from '../fields.ts';
import { ident } from '../names.ts';
import type { CellSql } from '../pipe/canonical-sql.ts';
import { cellOf } from '../pipe/canonical-sql.ts';
import { typedCell } from './typed-sql.ts';

/**
 * A column of a query as a cell of the stage: the same value, or the same flaw, as the row checks make of its page.
 *
 * @param value SQL of it
 * @returns undefined when SQL cannot say what the row checks would make of it
 */
export function offerCell(column: Column, field: ResultField, value: string): CellSql | undefined {
  const found = { ...field, mode: field.mode ?? 'NULLABLE' };
  const isNested = field.mode === 'REPEATED' || field.fields !== undefined;
  if (column.type === 'JSON' && column.mode !== 'REPEATED' && isNested) {
    const json = `TO_JSON_STRING(${jsonReady(field, value, 0)})`;
    // No list is NULL, and no other value has a text that is not JSON.
    const missing = { when: `${value} IS NULL`, reason: 'is required and missing' };
    return {
      value: field.mode === 'REPEATED' ? json : `IF(${value} IS NULL, NULL, ${json})`,
      flaws: column.mode === 'REQUIRED' ? [missing] : [],
    };
  }
  if (isNested || column.type === 'RECORD' || column.mode === 'REPEATED') {
    const isSame = shapeOf(found) === shapeOf(tableField(column));
    return isSame && !holdsChecked(column) ? typedCell(column, found, value) : undefined;
  }
  const text = asText(field, value);
  if (column.type === 'STRING' && text !== undefined) return cellOf(column, value, text, '');
  return text === undefined || field.type === 'TIMESTAMP' || field.type === 'DATETIME'
    ? typedCell(column, found, value)
    : undefined;
}

/** JSON waits as text in a stage, and a part that must not be NULL is checked row by row. */
function holdsChecked({ type, fields = [] }: Column): boolean {
  return type === 'JSON' || fields.some((field) => field.mode === 'REQUIRED' || holdsChecked(field));
}

/** SQL of the text that `readCell` makes of a value without its zone, for types whose cast makes another one or none. */
function asText({ type }: ResultField, value: string): string | undefined {
  switch (type) {
    case 'TIMESTAMP':
      return `FORMAT_TIMESTAMP('%F %H:%M:%E*S', ${value})`;
    case 'DATETIME':
      return `FORMAT_DATETIME('%F %H:%M:%E*S', ${value})`;
    case 'GEOGRAPHY':
      return `ST_ASTEXT(${value})`;
    case 'INTERVAL':
    case 'RANGE':
      return `CAST(${value} AS STRING)`;
    default:
      return undefined;
  }
}

/** SQL of a value whose JSON has decimals and moments as `core/bytes.ts` says, with all their digits. */
function jsonReady(field: ResultField, value: string, depth: number): string {
  if (!isShownOtherwise(field)) return value;
  if (field.mode === 'REPEATED') {
    const item = `e${depth}`;
    const made = jsonReady({ ...field, mode: 'NULLABLE' }, item, depth + 1);
    return `ARRAY(SELECT ${made} FROM UNNEST(${value}) AS ${item} WITH OFFSET AS o${depth} ORDER BY o${depth})`;
  }
  if (field.fields !== undefined) {
    const parts = field.fields.map((part) => {
      const name = ident(part.name);
      return `${jsonReady(part, `${value}.${name}`, depth)} AS ${name}`;
    });
    return `IF(${value} IS NULL, NULL, STRUCT(${parts.join(', ')}))`;
  }
  return field.type === 'NUMERIC' || field.type === 'BIGNUMERIC'
    ? `CAST(${value} AS STRING)`
    : (asText(field, value) ?? value);
}

function isShownOtherwise({ type, fields }: ResultField): boolean {
  if (fields !== undefined) return fields.some(isShownOtherwise);
  return ['NUMERIC', 'BIGNUMERIC', 'DATETIME', 'TIMESTAMP', 'GEOGRAPHY', 'INTERVAL', 'RANGE'].includes(type);
}

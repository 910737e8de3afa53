import { reasonFor } from '../../../files/cell-value.ts';
import type { Column } from '../../../schema.ts';
import { sqlType } from '../columns-sql.ts';
import type { CellSql } from '../pipe/canonical-sql.ts';
import { cellOf, jsonText, matching } from '../pipe/canonical-sql.ts';

/**
 * A cell of a text file, held to its column by the rules of `core/rows` and `core/files`.
 *
 * @param given SQL of a STRING
 */
export function lenientCell(column: Column, given: string): CellSql {
  // An empty quoted cell is an empty text, and nothing for any other type.
  const text = column.type === 'STRING' ? given : `NULLIF(TRIM(${given}), '')`;
  return cellOf(column, text, lenient(column, text), reasonFor(column));
}

const zone = '[0-9]:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)? *(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$';
const day = '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}';

function lenient(column: Column, text: string): string {
  const { type, format } = column;
  const cast = (from = text) => `SAFE_CAST(${from} AS ${sqlType(column)})`;
  if (format !== undefined && formatted.has(type)) return `SAFE.PARSE_${type}('${format}', ${text})`;
  switch (type) {
    case 'STRING':
      return text;
    case 'INTEGER':
      return cast(`REGEXP_EXTRACT(${text}, r'^([+-]?[0-9]+)(?:[.]0*)?$')`);
    case 'FLOAT':
      return matching(
        text,
        '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$',
        `IF(IS_INF(${cast()}), NULL, ${cast()})`,
      );
    case 'NUMERIC':
      return matching(text, '^[+-]?([0-9]+([.][0-9]{0,9}0*)?|[.][0-9]{1,9}0*)$', cast());
    case 'BIGNUMERIC':
      return matching(text, '^[+-]?([0-9]+([.][0-9]{0,38}0*)?|[.][0-9]{1,38}0*)$', cast());
    case 'BOOLEAN':
      return `(CASE LOWER(${text}) WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END)`;
    case 'DATE':
      return cast(`REGEXP_EXTRACT(${text}, r'^(${day})(?:[T ]00:00(?::00(?:[.]0+)?)?Z?)?$')`);
    case 'DATETIME':
      return `IF(REGEXP_CONTAINS(${text}, r'${zone}'), NULL, ${cast(withSeconds(text))})`;
    case 'TIMESTAMP':
      return `IF(REGEXP_CONTAINS(${text}, r'${zone}'), ${cast()}, ${cast(`CONCAT(${withSeconds(text)}, '+00')`)})`;
    case 'BYTES':
      return `SAFE.FROM_BASE64(${text})`;
    case 'JSON':
      return jsonText(text);
    default:
      return cast();
  }
}

const formatted: ReadonlySet<Column['type']> = new Set(['DATE', 'TIME', 'DATETIME', 'TIMESTAMP']);

/** GoogleSQL takes no time of day without seconds. */
function withSeconds(text: string): string {
  return `IF(REGEXP_CONTAINS(${text}, r'[T ][0-9]{1,2}:[0-9]{2}$'), CONCAT(${text}, ':00'), ${text})`;
}

import type { Column } from '../../../schema.ts';

/** SQL of a staged value made of a text, and of what is wrong with the text. */
export interface CellSql {
  /** SQL of the value; NULL for a text that does not fit. */
  readonly value: string;
  /** Conditions under which the row breaks the schema, with why; inside of a list or a record also with the path. */
  readonly flaws: readonly {
    readonly when: string;
    readonly reason: string;
    readonly path?: string | undefined;
  }[];
}

/**
 * A cell of the text that `bytes.ts` describes. GoogleSQL rounds decimals and takes hexadecimal integers, dates with one
 * digit and moments with a zone when it casts, so the text is looked at first.
 *
 * @param text SQL of a STRING
 */
export function canonicalCell(column: Column, text: string): CellSql {
  const { value, reason } = canonical(column, text);
  return cellOf(column, text, value, reason);
}

export function cellOf(column: Column, text: string, value: string, reason: string): CellSql {
  const flaws =
    column.type === 'STRING' ? [] : [{ when: `${text} IS NOT NULL AND ${value} IS NULL`, reason }];
  const missing = { when: `${text} IS NULL`, reason: 'is required and missing' };
  return { value, flaws: column.mode === 'REQUIRED' ? [missing, ...flaws] : flaws };
}

function canonical({ type }: Column, text: string): { readonly value: string; readonly reason: string } {
  const cast = (to: string, from = text) => `SAFE_CAST(${from} AS ${to})`;
  const length = (least: number, most: number, value: string) =>
    `IF(LENGTH(${text}) BETWEEN ${least} AND ${most}, ${value}, NULL)`;
  switch (type) {
    case 'STRING':
      return { value: unescaped(text), reason: '' };
    case 'INTEGER':
      return {
        value: matching(text, '^-?[0-9]+$', cast('INT64')),
        reason: 'is not a whole number of 64 bits',
      };
    case 'FLOAT':
      return { value: cast('FLOAT64'), reason: 'is not a number' };
    case 'NUMERIC':
      return { value: decimal(text, 'NUMERIC'), reason: decimalReason(29, 9) };
    case 'BIGNUMERIC':
      return { value: decimal(text, 'BIGNUMERIC'), reason: decimalReason(38, 38) };
    case 'BOOLEAN':
      return { value: `(CASE ${text} WHEN 't' THEN TRUE WHEN 'f' THEN FALSE END)`, reason: 'is not t or f' };
    case 'DATE':
      return { value: length(10, 10, cast('DATE')), reason: 'is not a date as YYYY-MM-DD' };
    case 'TIME':
      return { value: length(8, 15, cast('TIME')), reason: 'is not a time as HH:MM:SS[.ffffff]' };
    case 'DATETIME':
      return {
        value: length(19, 26, cast('DATETIME')),
        reason: 'is not a date and time as YYYY-MM-DD HH:MM:SS[.ffffff]',
      };
    case 'TIMESTAMP':
      return {
        value: length(19, 26, cast('TIMESTAMP', `CONCAT(${text}, '+00')`)),
        reason: 'is not a moment in UTC as YYYY-MM-DD HH:MM:SS[.ffffff]',
      };
    case 'BYTES':
      // FROM_HEX takes an odd number of digits, with a zero in front.
      return {
        value: matching(text, '^([0-9a-fA-F]{2})*$', `FROM_HEX(${text})`),
        reason: 'is not hexadecimal digits',
      };
    default:
      return { value: jsonText(text), reason: 'is not JSON' };
  }
}

/** Takes away the backslash that `numberRecords` gave to a text that would read as NULL. */
function unescaped(text: string): string {
  return String.raw`IF(REGEXP_CONTAINS(${text}, r'^\\\\+N$'), SUBSTR(${text}, 2), ${text})`;
}

export function matching(text: string, pattern: string, value: string): string {
  return `IF(REGEXP_CONTAINS(${text}, r'${pattern}'), ${value}, NULL)`;
}

/** A cast would round what has more digits after the point. */
export function decimal(text: string, type: 'NUMERIC' | 'BIGNUMERIC'): string {
  const scale = type === 'NUMERIC' ? 9 : 38;
  return matching(text, `^-?[0-9]+([.][0-9]{1,${scale}}0*)?$`, `SAFE_CAST(${text} AS ${type})`);
}

export function decimalReason(whole: number, scale: number): string {
  return `is not a decimal number with up to ${whole} digits before the point and ${scale} after it`;
}

/** Strings, numbers and what is between them, of which only the numbers begin with a digit or a minus. */
const tokens = String.raw`"(?:[^"\\]|\\.)*"|-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?|[^"0-9-]+|.`;

/**
 * JSON as the text that a stage keeps. BigQuery's JSON holds numbers as INT64, UINT64 or FLOAT64; one that fits none of
 * them without loss becomes a string, which keeps its digits. Only texts with many digits or an exponent are taken apart.
 */
export function jsonText(text: string): string {
  const isWide = `REGEXP_CONTAINS(${text}, r'[0-9][0-9.]{15}|[0-9][eE][+-]?[0-9]')`;
  const decimalOf = (number: string) => `SAFE_CAST(${number} AS BIGNUMERIC)`;
  const back = decimalOf('CAST(SAFE_CAST(token AS FLOAT64) AS STRING)');
  const isInteger = `REGEXP_CONTAINS(token, r'^-?[0-9]+$')`;
  const fits =
    `IF(${isInteger}, SAFE_CAST(token AS INT64) IS NOT NULL OR LENGTH(token) = 20 AND token <= '18446744073709551615' AND token > '1', ` +
    // Fifteen digits are exact whatever they are.
    `NOT REGEXP_CONTAINS(token, r'[eE]') AND LENGTH(token) <= 16 OR COALESCE(${decimalOf('token')} = ${back}, FALSE))`;
  const isNumber = `REGEXP_CONTAINS(token, r'^-?[0-9]')`;
  const quoted =
    `(SELECT STRING_AGG(IF(${isNumber} AND NOT ${fits}, CONCAT('"', token, '"'), token), '' ORDER BY pos) ` +
    `FROM UNNEST(REGEXP_EXTRACT_ALL(${text}, r'${tokens}')) AS token WITH OFFSET AS pos)`;
  return `IF(SAFE.PARSE_JSON(${text}, wide_number_mode=>'round') IS NULL, NULL, IF(${isWide}, ${quoted}, ${text}))`;
}

import type { Column } from '../schema.ts';
import { literal } from './quote.ts';
import { duckdbType } from './types.ts';

/**
 * SQL of a column's value from a text, for rows that are expected to be good: a text that does not fit is an error of
 * the whole statement, so that the usual case costs little more than a cast. DuckDB's own casts would round `1.5` to 2,
 * cut the time off a date and drop the zone of a moment (1.5.5), so those are looked at first.
 *
 * @param text SQL of a VARCHAR
 */
export function strictValue(column: Column, text: string): string {
  const type = duckdbType(column);
  const fail = `error('catchment: a cell does not fit its column')`;
  if (column.format !== undefined) return `strptime(${text}, ${literal(column.format)})::${type}`;
  const cast = `${text}::${type}`;
  /** Texts of the usual form are told by one comparison; all others by a close look at each. */
  const usually = (isUsual: string, then = cast) =>
    `case when ${isUsual} then ${then} when ${text} is null then null else coalesce(${lenientValue(column, text)}, ${fail}) end`;
  const isFull = (shape: string) => `(${text} like ${literal(shape)} and ${text} >= '0001')`;
  switch (column.type) {
    case 'STRING':
      return text;
    case 'INTEGER':
      // DuckDB would take 0x1F, 1_000 and 1e3 as well, but writes none of them.
      return usually(`${text} = ${cast}::varchar`);
    case 'NUMERIC':
      return `case when ${text} is null then null when contains(${text}, 'e') or contains(${text}, 'E') or contains(${text}, '_') or (contains(${text}, '.') and length(${text}) - instr(${text}, '.') > 9) then ${fail} else ${decimal(text, 'cast')} end`;
    case 'DATE':
      // DuckDB would not see what stands behind a day of one digit, nor that the separators are others.
      return usually(`strlen(${text}) = 10 and ${text} = ${cast}::varchar`);
    case 'DATETIME':
      // Behind seconds of one digit there is room for a zone.
      return usually(
        `not ends_with(${text}, 'Z') and (${isFull('____-__-__ __:__:__')} or ${isFull('____-__-__T__:__:__')})`,
      );
    case 'TIMESTAMP':
      return `case when ${isYearZero(text)} then ${fail} else ${text}::${type} end`;
    default:
      // Rare types: the exact check is cheap enough.
      return usually('false', 'null');
  }
}

/** The same, of a text that is known to be plain (see `look/`). */
export function plainValue(column: Column, text: string): string {
  return column.type === 'NUMERIC' ? decimal(text, 'cast') : `${text}::${duckdbType(column)}`;
}

/** The same, but NULL for a text that does not fit; agrees with the check of rows in `core/rows`. */
export function lenientValue(column: Column, text: string): string {
  const type = duckdbType({ ...column, mode: 'NULLABLE' });
  if (column.format !== undefined)
    return `try_cast(try_strptime(${text}, ${literal(column.format)}) as ${type})`;
  const matched = (pattern: string) => `regexp_full_match(${text}, ${literal(pattern)})`;
  const when = (condition: string, value: string) => `case when ${condition} then ${value} end`;
  const cast = `try_cast(${text} as ${type})`;
  switch (column.type) {
    case 'STRING':
      return text;
    case 'INTEGER':
      return `try_cast(regexp_extract(${text}, '^\\s*([+-]?\\d+)(?:\\.0*)?\\s*$', 1) as ${type})`;
    case 'FLOAT':
      return when(
        `${matched('\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?\\s*')} and isfinite(${cast})`,
        cast,
      );
    case 'NUMERIC':
      return when(matched('\\s*[+-]?(\\d+\\.?\\d{0,9}0*|\\.\\d{1,9}0*)\\s*'), decimal(text, 'try_cast'));
    case 'BIGNUMERIC':
      return when(matched('\\s*[+-]?(\\d+\\.?\\d{0,38}0*|\\.\\d{1,38}0*)\\s*'), cast);
    case 'BOOLEAN':
      return `case lower(${text}) when 'true' then true when '1' then true when 'false' then false when '0' then false end`;
    case 'DATE':
      return `try_cast(regexp_extract(${text}, '^((?:[1-9]\\d{3}|0[1-9]\\d\\d|00[1-9]\\d|000[1-9])-\\d{1,2}-\\d{1,2})(?:[T ]00:00(?::00(?:\\.0+)?)?Z?)?$', 1) as ${type})`;
    case 'DATETIME':
      return when(`not ${isYearZero(text)} and not regexp_matches(${text}, ${zone})`, cast);
    case 'TIMESTAMP':
      return when(`not ${isYearZero(text)}`, cast);
    case 'BYTES':
      return `try(from_base64(${text}))`;
    case 'JSON':
      return `case when json_valid(${text}) then ${text}::json end`;
    default:
      return cast;
  }
}

/**
 * SQL of a NUMERIC. Straight to 38 digits DuckDB needs 12 microseconds for each cell (1.5.5), by way of 18 a tenth of one.
 *
 * @param cast what to do with a text that is none
 */
export function decimal(text: string, cast: 'cast' | 'try_cast'): string {
  const wholeDigits = `(case when contains(${text}, '.') then instr(${text}, '.') - 1 else length(${text}) end)`;
  return `case when ${wholeDigits} <= 9 then ${cast}(${text} as DECIMAL(18,9))::DECIMAL(38,9) else ${cast}(${text} as DECIMAL(38,9)) end`;
}

/** DuckDB takes it for the year before the first one, which no schema type has. */
export function isYearZero(text: string): string {
  return `starts_with(${text}, '0000')`;
}

/** A zone behind a time of day. */
const zone = literal(':\\d{1,2}(\\.\\d+)?\\s*(Z|UTC|[+-]\\d{2}(:?\\d{2})?)\\s*$');

/** What the contract says about a cell that does not fit; the words of the check of rows. */
export function reasonFor(column: Column): string {
  if (column.format !== undefined) return `is not a ${column.type} written as ${column.format}`;
  return reasons[column.type];
}

const reasons: Readonly<Record<Column['type'], string>> = {
  STRING: 'is not text',
  BYTES: 'is not bytes or base64',
  INTEGER: 'is not a whole number of 64 bits',
  FLOAT: 'is not a number',
  NUMERIC: 'is not a decimal number with at most 29 digits before and 9 after the point',
  BIGNUMERIC: 'is not a decimal number with at most 38 digits before and 38 after the point',
  BOOLEAN: 'is not true or false',
  DATE: 'is not a date as YYYY-MM-DD',
  TIME: 'is not a time as HH:MM:SS',
  DATETIME: 'is not a date and time without a zone as YYYY-MM-DD HH:MM:SS',
  TIMESTAMP: 'is not a moment as YYYY-MM-DD HH:MM:SS[.ffffff][zone]',
  JSON: 'is not JSON',
  RECORD: 'is not a record',
};

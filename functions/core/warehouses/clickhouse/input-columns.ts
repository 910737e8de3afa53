import type { Column } from '../../schema.ts';
import { firstDay, lastDay, nullableType } from './types.ts';

/** How a column is read from `tsv` or `csv`: the type that parses its text, and the value made of it. */
export interface InputColumn {
  readonly type: string;
  /** SQL of the value, of the parsed cell's name. */
  readonly value: (cell: string) => string;
  /** SQL of what must not be false of the parsed cell, NULL aside. @default nothing */
  readonly isGood?: ((cell: string) => string) | undefined;
}

const time = '^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\\\.[0-9]{1,6})?$';

/**
 * ClickHouse parses numbers and days fast and without a look: 2^63 becomes -2^63, 30 February the second of March. So
 * cells are parsed by a type that does look, or checked, and a bad one is an error.
 */
export function inputColumn(column: Column): InputColumn {
  const text = 'Nullable(String)';
  if (column.mode === 'REPEATED' || column.type === 'RECORD')
    return { type: text, value: asIs, isGood: isJson };
  switch (column.type) {
    case 'INTEGER':
      return { type: 'Nullable(Int128)', value: (cell) => `accurateCast(${cell}, 'Nullable(Int64)')` };
    case 'DATE':
      return {
        type: "Nullable(DateTime64(0, 'UTC'))",
        value: (cell) => `toDate32(${cell})`,
        isGood: (cell) =>
          `${cell} BETWEEN toDateTime64('${firstDay} 00:00:00', 0, 'UTC') AND toDateTime64('${lastDay} 00:00:00', 0, 'UTC')`,
      };
    case 'TIME':
      return { type: text, value: asIs, isGood: (cell) => `match(${cell}, '${time}')` };
    case 'BYTES':
      return {
        type: text,
        value: (cell) => `unhex(${cell})`,
        isGood: (cell) => `match(${cell}, '^([0-9a-f]{2})*$')`,
      };
    case 'JSON':
      return { type: text, value: asIs, isGood: isJson };
    default:
      return { type: nullableType(column), value: asIs };
  }
}

/** How a column of a stream is read that is `exact`: of times and days the server's parser needs a look all the same. */
export function exactInput(column: Column): InputColumn {
  const type = nullableType(column);
  switch (column.type) {
    case 'INTEGER':
    case 'JSON':
      return { type, value: asIs };
    case 'BYTES':
      return { type: 'Nullable(String)', value: (cell) => `unhex(${cell})` };
    default:
      return inputColumn(column);
  }
}

/** How a column is read whose cells are known to be plain, which means in range too. */
export function plainInput(column: Column): InputColumn {
  return { type: nullableType(column), value: asIs };
}

/** How a column of a Parquet file is read whose footer proved that it fits: only its texts are still to be looked at, and a time is
 * written as the text that it is kept as. */
export function parquetInput(column: Column): InputColumn {
  const type = nullableType(column);
  switch (column.type) {
    case 'STRING':
      return { type, value: asIs, isGood: (cell) => `isValidUTF8(${cell})` };
    case 'JSON':
      return { type, value: asIs, isGood: (cell) => `isValidUTF8(${cell}) AND ${isJson(cell)}` };
    case 'TIME':
      // The server takes a time for a moment of the first of January 1970, and writes it with six digits behind the point.
      return {
        type: "Nullable(DateTime64(6, 'UTC'))",
        value: (cell) => `trim(TRAILING '.' FROM trim(TRAILING '0' FROM substring(toString(${cell}), 12)))`,
        isGood: (cell) => `${cell} < toDateTime64('1970-01-02 00:00:00', 6, 'UTC')`,
      };
    default:
      return { type, value: asIs };
  }
}

function asIs(cell: string): string {
  return cell;
}

function isJson(cell: string): string {
  return `isValidJSON(${cell})`;
}

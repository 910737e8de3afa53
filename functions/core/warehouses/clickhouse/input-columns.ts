import type { Column } from '../../schema.ts';
import { firstDay, lastDay, nullableType } from './types.ts';

/** How a column is read from `tsv` or `csv`: the type that parses its text, and the value made of it. */
export interface InputColumn {
  readonly type: string;
  /** SQL of the value, of the parsed cell's name. */
  readonly value: (cell: string) => string;
}

const time = '^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\\\.[0-9]{1,6})?$';

/**
 * ClickHouse parses numbers and days fast and without a look: 2^63 becomes -2^63, 30 February the second of March. So
 * cells are parsed by a type that does look, or checked, and a bad one is an error.
 */
export function inputColumn(column: Column): InputColumn {
  const asIs = (cell: string) => cell;
  const text = 'Nullable(String)';
  if (column.mode === 'REPEATED' || column.type === 'RECORD')
    return { type: text, value: (cell) => checked(`isValidJSON(${cell})`, cell) };
  switch (column.type) {
    case 'INTEGER':
      return { type: 'Nullable(Int128)', value: (cell) => `accurateCast(${cell}, 'Nullable(Int64)')` };
    case 'DATE':
      return {
        type: "Nullable(DateTime64(0, 'UTC'))",
        value: (cell) =>
          checked(
            `${cell} BETWEEN toDateTime64('${firstDay} 00:00:00', 0, 'UTC') AND toDateTime64('${lastDay} 00:00:00', 0, 'UTC')`,
            `toDate32(${cell})`,
          ),
      };
    case 'TIME':
      return { type: text, value: (cell) => checked(`match(${cell}, '${time}')`, cell) };
    case 'BYTES':
      return {
        type: text,
        value: (cell) => checked(`match(${cell}, '^([0-9a-f]{2})*$')`, `unhex(${cell})`),
      };
    case 'JSON':
      return { type: text, value: (cell) => checked(`isValidJSON(${cell})`, cell) };
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
      return { type, value: (cell) => cell };
    case 'BYTES':
      return { type: 'Nullable(String)', value: (cell) => `unhex(${cell})` };
    default:
      return inputColumn(column);
  }
}

/** How a column is read whose cells are known to be plain, which means in range too. */
export function plainInput(column: Column): InputColumn {
  return { type: nullableType(column), value: (cell) => cell };
}

/** How a column of a Parquet file is read whose footer proved that it fits: only its texts are still to be looked at, and a time is
 * written as the text that it is kept as. */
export function parquetInput(column: Column): InputColumn {
  const type = nullableType(column);
  switch (column.type) {
    case 'STRING':
      return { type, value: (cell) => checked(`isValidUTF8(${cell})`, cell) };
    case 'JSON':
      return { type, value: (cell) => checked(`isValidUTF8(${cell}) AND isValidJSON(${cell})`, cell) };
    case 'TIME':
      // The server takes a time for a moment of the first of January 1970.
      return {
        type: "Nullable(DateTime64(6, 'UTC'))",
        value: (cell) =>
          checked(
            `${cell} < toDateTime64('1970-01-02 00:00:00', 6, 'UTC')`,
            `replaceRegexpOne(substring(toString(${cell}), 12), '\\.?0+$', '')`,
          ),
      };
    default:
      return { type, value: (cell) => cell };
  }
}

function checked(condition: string, value: string): string {
  return `if(throwIf(ifNull(NOT (${condition}), 0)) = 0, ${value}, NULL)`;
}

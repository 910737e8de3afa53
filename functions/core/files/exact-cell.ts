import type { ExactColumns } from '../bytes.ts';
import type { Column } from '../schema.ts';

/** SQL that ends a statement because of a cell. */
export const failure = `error('catchment: a cell does not fit its column')`;

/** How a cell is read whose text needs no look: see `ByteStream.exact`. */
export interface ExactCell {
  /** DuckDB's type that the reader itself makes of the text. */
  readonly readAs: string;
  /** SQL of the value, given SQL of what the reader made. */
  value(cell: string): string;
}

/** Undefined where the text needs a look in any case: DuckDB reads a DATE in spite of its `BC`. */
export function exactCell(column: Column, exact: ExactColumns[string] | undefined): ExactCell | undefined {
  if (exact === undefined || column.mode === 'REPEATED') return undefined;
  switch (column.type) {
    case 'INTEGER':
      return { readAs: 'BIGINT', value: (cell) => cell };
    case 'BOOLEAN':
      return { readAs: 'BOOLEAN', value: (cell) => cell };
    case 'TIME':
      return { readAs: 'TIME', value: (cell) => cell };
    case 'DATETIME':
      return { readAs: 'TIMESTAMP', value: inRange };
    case 'TIMESTAMP':
      // A cast would ask the calendar of the session's zone for each cell.
      return { readAs: 'TIMESTAMP', value: (cell) => inRange(cell, `make_timestamptz(epoch_us(${cell}))`) };
    case 'NUMERIC':
      return exact === true ? undefined : decimalCell(exact);
    default:
      return undefined;
  }
}

/** Infinite ones are outside as well. */
function inRange(cell: string, value = cell): string {
  return `case when ${cell} < timestamp '0001-01-01' or ${cell} > timestamp '9999-12-31 23:59:59.999999' then ${failure} else ${value} end`;
}

/** Decimals of 64 bits are read five times as fast as those of 128. */
function decimalCell({ precision, scale }: { readonly precision: number; readonly scale: number }) {
  if (precision > 18 || scale < 0 || scale > 9 || scale > precision) return undefined;
  return { readAs: `DECIMAL(18,${scale})`, value: (cell: string) => `${cell}::DECIMAL(38,9)` };
}

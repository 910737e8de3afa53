import type { Buffer } from 'node:buffer';
import type { Column } from '../../schema.ts';

/** How the records of a file are written, and what their cells must be. */
export interface RecordForm {
  /** For each cell its column, where that is read by type; undefined for any other. */
  readonly columns: readonly (Column | undefined)[];
  /** One byte each. */
  readonly delimiter: string;
  readonly quote: string;
  /** What stands for NULL, beside nothing. */
  readonly nullMarker?: string | undefined;
}

const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Looks at one record with something doubtful in it.
 *
 * @param bytes of the record, and maybe more
 * @param isLast nothing follows the bytes
 * @returns the place behind the record; `open` when its end is not in the bytes; undefined when a cell breaks its column,
 *   or readers may not agree where cells end
 */
export function passRecord(
  form: RecordForm,
  bytes: Buffer,
  isLast: boolean,
  isHeader = false,
): number | 'open' | undefined {
  const { columns } = form;
  const comma = form.delimiter.charCodeAt(0);
  const quote = form.quote.charCodeAt(0);
  let at = 0;
  for (let cell = 0; cell < columns.length; cell += 1) {
    const isQuoted = bytes[at] === quote;
    const start = isQuoted ? at + 1 : at;
    const end = isQuoted ? pastQuoted(bytes, start, quote) : pastCell(bytes, start, comma);
    if (end === -1 || (end === bytes.length && !isLast)) return 'open';
    // A quote inside of a cell that has none around it means different things to different readers.
    if (!isQuoted && bytes.subarray(start, end).includes(quote)) return undefined;
    const column = columns[cell];
    if (column !== undefined && !isHeader) {
      const text = bytes.toString('latin1', start, isQuoted ? end - 1 : end);
      const isNull = !isQuoted && (text === '' || text === form.nullMarker);
      if (!isNull && !isGood(column, text)) return undefined;
    }
    at = end;
    if (cell === columns.length - 1) break;
    if (bytes[at] !== comma) return undefined;
    at += 1;
  }
  if (bytes[at] === carriageReturn) at += 1;
  if (at === bytes.length) return isLast ? at : 'open';
  return bytes[at] === newline ? at + 1 : undefined;
}

/** The place of the byte behind a cell. */
function pastCell(bytes: Buffer, from: number, comma: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === comma || byte === newline || byte === carriageReturn) return at;
  }
  return bytes.length;
}

/** The place behind the quote that ends a cell; -1 when it is not there. */
function pastQuoted(bytes: Buffer, from: number, quote: number): number {
  for (let at = bytes.indexOf(quote, from); at !== -1; at = bytes.indexOf(quote, at + 2))
    if (bytes[at + 1] !== quote) return at + 1;
  return -1;
}

/** As `lenientValue` has it, of cells that DuckDB's reader takes. */
function isGood({ type }: Column, text: string): boolean {
  return type === 'INTEGER' ? whole.test(text) : !(text.startsWith('0000') || zone.test(text));
}

const whole = /^[\t\n\f\r ]*[+-]?\d+(?:\.0*)?[\t\n\f\r ]*$/;
const zone = /:\d{1,2}(\.\d+)?[\t\n\f\r ]*(Z|UTC|[+-]\d{2}(:?\d{2})?)[\t\n\f\r ]*$/;

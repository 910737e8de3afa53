import type { SQLInputValue } from 'node:sqlite';
import type { Column } from '../../schema.ts';
import { momentCell, shortest } from './types.ts';

/** A cell of `csv` or `tsv` (see `bytes.ts`) that its column cannot hold. */
export class BadCell extends Error {}

type Cell<Made extends SQLInputValue = SQLInputValue> = (text: string) => Made;

/** Reads cells of a column in their canonical text. NULL is undefined. */
export function cellReader(column: Column): (text: string | undefined) => SQLInputValue {
  const isText = column.mode === 'REPEATED' || column.type === 'RECORD';
  const read = isText ? same : scalars[column.type];
  const isRequired = column.mode === 'REQUIRED';
  return (text) => {
    if (text !== undefined) return read(text);
    if (isRequired) throw new BadCell();
    return null;
  };
}

const same: Cell = (text) => text;
const like =
  (pattern: RegExp): Cell<string> =>
  (text) => {
    if (!pattern.test(text)) throw new BadCell();
    return text;
  };

const day = '\\d{4}-[01]\\d-[0-3]\\d';
const time = '[0-2]\\d:[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?';
const decimal = like(/^-?\d{1,29}(?:\.\d{1,9})?$/);
const wideDecimal = like(/^-?\d{1,38}(?:\.\d{1,38})?$/);
const timeOfDay = like(new RegExp(`^${time}$`));
const datetime = like(new RegExp(`^${day} ${time}$`));
const maxInt64 = 2n ** 63n;

/** The declared type turns digits into numbers, so most cells stay text here. */
const scalars: Readonly<Record<Exclude<Column['type'], 'RECORD'>, Cell>> = {
  STRING: same,
  JSON: same,
  INTEGER(text) {
    // A number is bound and stored faster than its text; up to 15 digits it is the same.
    const small = text.length <= 15 ? wholeNumber(text) : undefined;
    if (small !== undefined) return small;
    if (!/^-?\d{1,19}$/.test(text)) throw new BadCell();
    // SQLite would make a rounded number of what does not fit.
    if (text.length > 18 && (BigInt(text) >= maxInt64 || BigInt(text) < -maxInt64)) throw new BadCell();
    return text;
  },
  FLOAT(text) {
    if (/^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return text;
    if (text === 'Infinity') return Number.POSITIVE_INFINITY;
    if (text === '-Infinity') return Number.NEGATIVE_INFINITY;
    // Kept as this text: SQLite makes NULL of the number.
    if (text === 'NaN') return text;
    throw new BadCell();
  },
  NUMERIC: (text) => shortest(decimal(text)),
  BIGNUMERIC: (text) => shortest(wideDecimal(text)),
  BOOLEAN(text) {
    if (text === 't') return 1;
    if (text === 'f') return 0;
    throw new BadCell();
  },
  DATE: like(new RegExp(`^${day}$`)),
  TIME: (text) => shortest(timeOfDay(text)),
  DATETIME: (text) => shortest(datetime(text)),
  TIMESTAMP: (text) => momentCell(datetime(text)),
  BYTES(text) {
    if (text.length % 2 === 1 || !/^[0-9a-f]*$/.test(text)) throw new BadCell();
    return Buffer.from(text, 'hex');
  },
};

/** Undefined for a text that is not just digits, with a minus before them or not. */
function wholeNumber(text: string): number | undefined {
  const isNegative = text.charCodeAt(0) === 0x2d;
  const start = isNegative ? 1 : 0;
  if (text.length === start) return undefined;
  let value = 0;
  for (let at = start; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

import type { ColumnBatch } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';
import { momentText } from './cells.ts';
import { rowColumn } from './fields.ts';

/** A canonical value (see `ColumnBatch`) as the text that a load job of newline-delimited JSON reads without loss. */
type ToJson = (value: unknown) => string;

/**
 * Writes batches of one stage as lines.
 *
 * @param columns all of the stage's, in the order of a batch's values
 */
export function lineWriter(columns: readonly Column[]): (batch: ColumnBatch, firstRow: number) => string {
  const parts = columns.map((column) => ({
    start: `${JSON.stringify(column.name)}:`,
    write: writerOf(column),
  }));
  return (batch, firstRow) => {
    let text = '';
    for (let row = 0; row < batch.rows; row += 1) {
      let line = `{"${rowColumn}":"${firstRow + row}"`;
      for (let index = 0; index < parts.length; index += 1) {
        const value = batch.values[index]?.[row];
        const part = parts[index];
        if (part === undefined || value === null || value === undefined) continue;
        line += `,${part.start}${part.write(value)}`;
      }
      text += `${line}}\n`;
    }
    return text;
  };
}

function writerOf(column: Column): ToJson {
  const one = column.type === 'RECORD' ? recordWriter(column.fields ?? []) : scalars[column.type];
  return column.mode === 'REPEATED' ? (value) => `[${(value as unknown[]).map(one).join(',')}]` : one;
}

function recordWriter(fields: readonly Column[]): ToJson {
  const parts = fields.map((field) => ({ name: field.name, write: writerOf(field) }));
  return (value) => {
    const record = value as Record<string, unknown>;
    const cells = parts.flatMap(({ name, write }) =>
      record[name] === null || record[name] === undefined
        ? []
        : [`${JSON.stringify(name)}:${write(record[name])}`],
    );
    return `{${cells.join(',')}}`;
  };
}

const text: ToJson = (value) => JSON.stringify(String(value));

/** Numbers that JSON readers might round travel as text, the way BigQuery exports them. */
const scalars: Readonly<Record<Exclude<Column['type'], 'RECORD'>, ToJson>> = {
  STRING: text,
  BYTES: (value) => `"${Buffer.from(value as Uint8Array).toString('base64')}"`,
  INTEGER: text,
  FLOAT: (value) => (Number.isFinite(value) ? String(value) : text(value)),
  NUMERIC: text,
  BIGNUMERIC: text,
  BOOLEAN: String,
  DATE: text,
  TIME: text,
  DATETIME: text,
  TIMESTAMP: (value) => `"${momentText(value as bigint)}:00"`,
  JSON: (value) => JSON.stringify(quoteWideNumbers(String(value))),
};

/**
 * BigQuery's JSON holds numbers as INT64, UINT64 or FLOAT64. One that fits none of them without loss becomes a string,
 * which keeps its digits.
 */
export function quoteWideNumbers(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    token.startsWith('"') || fits(token) ? token : `"${token}"`,
  );
}

function fits(number: string): boolean {
  if (/^-?\d+$/.test(number)) {
    const value = BigInt(number);
    return value >= -(2n ** 63n) && value < 2n ** 64n;
  }
  return digitsOf(number) === digitsOf(String(Number(number)));
}

/** Digits and exponent of a number in one form: `1.50e3` and `1500` give the same. */
function digitsOf(number: string): string {
  const [mantissa = '', exponent = '0'] = number.replace('-', '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const short = digits.replace(/0+$/, '');
  return short === '' ? '0' : `${short}e${Number(exponent) - fraction.length + digits.length - short.length}`;
}

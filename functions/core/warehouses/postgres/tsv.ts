import type { ColumnBatch } from '../../rows/check.ts';
import { jsonWriter, momentText } from '../../rows/json-text.ts';
import type { Column } from '../../schema.ts';

/** Rows as lines of COPY's text format, one line each. */
export function encodeBatch(batch: ColumnBatch, columns: readonly Column[]): readonly string[] {
  const cells = columns.map((column, index) => {
    const write = cellWriter(column);
    const values = batch.values[index] ?? [];
    return values.map((value) => (value === null || value === undefined ? '\\N' : write(value)));
  });
  return Array.from({ length: batch.rows }, (_, row) => cells.map((column) => column[row]).join('\t'));
}

/** Chooses the writing of one column once. */
function cellWriter(column: Column): (value: unknown) => string {
  if (column.mode === 'REPEATED' || column.type === 'RECORD') {
    const write = jsonWriter(column);
    return (value) => escaped(write(value));
  }
  switch (column.type) {
    case 'BOOLEAN':
      return (value) => (value === true ? 't' : 'f');
    case 'TIMESTAMP':
      return (value) => momentText(value as bigint);
    case 'BYTES':
      return (value) => `\\\\x${Buffer.from(value as Uint8Array).toString('hex')}`;
    case 'FLOAT':
      return (value) => (Object.is(value, -0) ? '-0' : String(value));
    case 'STRING':
    case 'JSON':
      return (value) => escaped(value as string);
    default:
      return String;
  }
}

const special = /[\\\t\n\r]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escaped(text: string): string {
  return special.test(text) ? text.replaceAll(/[\\\t\n\r]/g, (found) => escapes[found] ?? found) : text;
}

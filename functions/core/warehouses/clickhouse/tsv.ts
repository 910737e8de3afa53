import type { ColumnBatch } from '../../rows/check.ts';
import { jsonWriter, momentText } from '../../rows/json-text.ts';
import type { Column } from '../../schema.ts';
import { escapeTsv } from '../../tsv-escape.ts';

/** Writes batches of canonical values (see `ColumnBatch`) as the `tsv` of bytes.ts. */
export function tsvWriter(columns: readonly Column[]): (batch: ColumnBatch) => string {
  const writers = columns.map(cellWriter);
  return ({ rows, values }) => {
    let text = '';
    for (let row = 0; row < rows; row += 1) {
      for (let index = 0; index < writers.length; index += 1) {
        const value = values[index]?.[row];
        if (index > 0) text += '\t';
        text += value === null || value === undefined ? '\\N' : writers[index]?.(value);
      }
      text += '\n';
    }
    return text;
  };
}

function cellWriter(column: Column): (value: unknown) => string {
  if (column.mode === 'REPEATED' || column.type === 'RECORD') {
    const write = jsonWriter(column);
    return (value) => escapeTsv(write(value));
  }
  switch (column.type) {
    case 'STRING':
    case 'JSON':
      return (value) => escapeTsv(value as string);
    case 'BOOLEAN':
      return (value) => (value === true ? 't' : 'f');
    case 'TIMESTAMP':
      return (value) => momentText(value as bigint);
    case 'BYTES':
      return (value) => Buffer.from(value as Uint8Array).toString('hex');
    default:
      return String;
  }
}

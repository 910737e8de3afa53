import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import type { Column } from '../../../schema.ts';
import type { LoadTable } from './load.ts';
import { appendRows, scalar } from './load.ts';
import { refuse } from './refuse.ts';

/** Options of a load job that only CSV has. */
export const csvOptions = z.strictObject({
  fieldDelimiter: z.string().length(1).default(','),
  quote: z.string().max(1).default('"'),
  nullMarker: z.string().default(''),
  encoding: z.enum(['UTF-8', 'ISO-8859-1']).default('UTF-8'),
  skipLeadingRows: z.number().int().min(0).default(0),
  allowQuotedNewlines: z.boolean().default(false),
  allowJaggedRows: z.literal(false).default(false),
  preserveAsciiControlCharacters: z.boolean().default(false),
});

export type CsvOptions = z.output<typeof csvOptions>;

/** Loads CSV into a table, all of it or nothing, its fields in the order of the table's columns. */
export function loadCsv(
  connection: DuckDBConnection,
  table: LoadTable,
  content: Uint8Array,
  options: CsvOptions,
): Promise<number> {
  const text = new TextDecoder(options.encoding === 'UTF-8' ? 'utf-8' : 'latin1', {
    fatal: true,
    ignoreBOM: true,
  }).decode(content);
  const records = readCsv(text, options).slice(options.skipLeadingRows);
  const rows = records.map((cells, index) => {
    if (cells.length !== table.columns.length)
      refuse(
        'invalid',
        `Error while reading data, error message: CSV processing encountered too ${cells.length > table.columns.length ? 'many' : 'few'} values in row ${index + 1}`,
      );
    return table.columns.map((column, at) =>
      readCell(column, cells[at] ?? null, `${column.name} of row ${index + 1}`),
    );
  });
  return appendRows(connection, table, rows);
}

/**
 * Cells of each record. An empty cell is NULL unless it is quoted. Any other null marker is NULL with quotes too, the worse
 * of the two ways in which BigQuery may read it.
 */
function readCsv(text: string, options: CsvOptions): (string | null)[][] {
  const { fieldDelimiter, quote, nullMarker, allowQuotedNewlines, preserveAsciiControlCharacters } = options;
  if (!preserveAsciiControlCharacters && text.includes('\0'))
    refuse('invalid', 'Bad character (ASCII 0) encountered');
  const records: (string | null)[][] = [];
  let cells: (string | null)[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    const isQuoted = quote !== '' && text[at] === quote;
    if (isQuoted) {
      at += 1;
      for (;;) {
        const end = text.indexOf(quote, at);
        if (end < 0) refuse('invalid', 'Missing close quote character');
        cell += text.slice(at, end);
        at = end + 1;
        if (text[at] !== quote) break;
        cell += quote;
        at += 1;
      }
      if (!allowQuotedNewlines && cell.includes('\n')) refuse('invalid', 'Missing close quote character');
      if (at < text.length && text[at] !== fieldDelimiter && text[at] !== '\n')
        refuse('invalid', 'Data between close quote character and field separator');
    } else {
      const start = at;
      while (at < text.length && text[at] !== fieldDelimiter && text[at] !== '\n') at += 1;
      cell = text.slice(start, at).replace(/\r$/, '');
      if (quote !== '' && cell.includes(quote)) refuse('invalid', 'a quote inside a cell without quotes');
    }
    cells.push(cell === nullMarker && !(isQuoted && cell === '') ? null : cell);
    const isOver = text[at] !== fieldDelimiter;
    at += 1;
    if (!isOver && at === text.length) cells.push(nullMarker === '' ? null : '');
    if (isOver || at === text.length) {
      records.push(cells);
      cells = [];
    }
  }
  return records;
}

function readCell(column: Column, cell: string | null, where: string): unknown {
  const { type, mode } = column;
  if (mode === 'REPEATED' || type === 'RECORD') return refuse('invalid', `CSV cannot hold ${where}`);
  if (cell === null)
    return mode === 'REQUIRED' ? refuse('invalid', `Missing required field: ${where}`) : null;
  if (type === 'BOOLEAN') {
    if (!/^(true|false)$/i.test(cell)) refuse('invalid', `Could not parse '${cell}' as BOOL: ${where}`);
    return cell.toLowerCase() === 'true';
  }
  return scalar(column, cell, where);
}

import { fatal } from '../errors.ts';
import type { InspectedFile } from './inspect-file.ts';
import { withoutBom } from './inspect-file.ts';

/**
 * The cells of a CSV file's first line. Only this line is read here, because DuckDB's sniffer may take another line for
 * the header when the first rows are ragged.
 *
 * @throws fatal `bad-file` when the line has no end within the first megabyte, or names a column twice
 */
export function readFirstLine(file: InspectedFile): string[] {
  const { delimiter, quote } = csvDialect(file);
  const text = new TextDecoder(decoderNames[file.ref.encoding ?? 'utf-8']).decode(withoutBom(file.head));
  const cells: string[] = [];
  let [cell, isQuoted] = ['', false];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === quote) {
      if (isQuoted && text[at + 1] === quote) {
        cell += quote;
        at++;
      } else isQuoted = !isQuoted;
    } else if (isQuoted) cell += char;
    else if (char === delimiter) {
      cells.push(cell);
      cell = '';
    } else if (char === '\n' || char === '\r') return [...cells, cell];
    else cell += char;
  }
  if (file.head.length < 2 ** 20 && !isQuoted) return [...cells, cell];
  throw fatal('bad-file', {
    where: file.where,
    what: 'the first line of the file has no end within 1 MB',
    got: file.ref.path,
    todo: 'check "quote" and "delimiter" of the table, and that this is a CSV file',
  });
}

/** Column names of a file: its header, or the schema's names by position for a file without one. */
export function readHeader(file: InspectedFile, schemaNames: readonly string[]): string[] {
  const cells = readFirstLine(file);
  const hasHeader = file.ref.header ?? true;
  const names = cells.map((cell, index) =>
    hasHeader ? cell.trim() || `column${index}` : (schemaNames[index] ?? `column${index}`),
  );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw fatal('bad-file', {
      where: file.where,
      what: `the header of ${file.ref.path} names a column twice`,
      got: twice,
      todo: 'rename one of them in the file',
    });
  return names;
}

export function csvDialect({ ref }: InspectedFile): { readonly delimiter: string; readonly quote: string } {
  const isTsv = /\.tsv(\.gz|\.zst)?$/i.test(ref.path);
  return { delimiter: ref.delimiter ?? (isTsv ? '\t' : ','), quote: ref.quote ?? '"' };
}

const decoderNames = { 'utf-8': 'utf-8', 'utf-16': 'utf-16le', 'latin-1': 'latin1' } as const;

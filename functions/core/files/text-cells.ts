import type { ByteFormat, ByteStream } from '../bytes.ts';
import { literal } from './quote.ts';

/** How a stream of canonical text is written into cells. */
export type TextFormat = Exclude<ByteFormat, 'pgcopy'>;

/**
 * The format that costs least to read: without quotes a line end is a row's end, and few cells have anything to take out.
 * A row with one empty text is an empty line of `tsv`, which readers of lines leave out.
 */
export function cheapestText({ formats, columns }: ByteStream): TextFormat {
  return formats.includes('tsv') && columns.length > 1 ? 'tsv' : 'csv';
}

/** Options of DuckDB's reader for the format. */
export const readerOptions: Readonly<Record<TextFormat, string>> = {
  csv: `delim=',', quote='"', escape='"', new_line='\\n', nullstr=${literal('\\N')}, allow_quoted_nulls=false`,
  tsv: `delim='\t', quote='', escape='', new_line='\\n', nullstr=${literal('\\N')}`,
};

/** Letters behind a backslash, as PostgreSQL's COPY writes them, and the codes of what they mean. */
const escapes: Readonly<Record<string, number>> = { b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** SQL of the text that a cell means. */
export function textOf(format: TextFormat, cell: string): string {
  if (format === 'csv') return cell;
  // Cut at each pair of backslashes, every backslash that is left begins another escape.
  const letters = Object.entries(escapes).reduce(
    (text, [letter, code]) => `replace(${text}, ${literal(`\\${letter}`)}, chr(${code}))`,
    'part',
  );
  const backslash = literal('\\');
  const decoded = `array_to_string(list_transform(string_split(${cell}, ${literal('\\\\')}), lambda part: ${letters}), ${backslash})`;
  return `case when contains(${cell}, ${backslash}) then ${decoded} else ${cell} end`;
}

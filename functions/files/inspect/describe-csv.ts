import { nameColumns } from '../../core/column-names.ts';
import type { FoundColumn, TableDescription } from '../../core/inspect.ts';
import type { FileQuestion } from '../inspect.ts';
import { estimateRows } from './estimate-rows.ts';
import { guessText } from './guess-text.ts';
import type { Cell } from './parse-csv.ts';
import { parseCsv, sniffDelimiter } from './parse-csv.ts';
import { readHead } from './read-head.ts';

const decoderNames = { 'utf-8': 'utf-8', 'utf-16': 'utf-16le', 'latin-1': 'latin1' } as const;

/** Columns of a CSV file, guessed from its first megabyte. */
export async function describeCsv(question: FileQuestion): Promise<TableDescription> {
  const { store, object, how, compression, sample } = question;
  const { quote = '"', header: hasHeader = true, nullMarker } = how;
  const head = await readHead(store, object, compression);
  const text = new TextDecoder(decoderNames[how.encoding ?? 'utf-8']).decode(head.bytes);
  const warnings: string[] = [];

  let delimiter = how.delimiter ?? ',';
  const sniffed = sniffDelimiter(text, quote, head.isWhole);
  if (how.delimiter === undefined && sniffed !== undefined && sniffed !== delimiter) {
    delimiter = sniffed;
    warnings.push(
      `the cells are delimited by ${JSON.stringify(sniffed)}; set "delimiter" of the table to it`,
    );
  }
  // A character that decoding could not make sense of.
  if (text.includes('\ufffd'))
    warnings.push(
      `the file is not ${how.encoding ?? 'utf-8'}; set "encoding" of the table to utf-16 or latin-1`,
    );

  const all = parseCsv(
    text,
    { delimiter, quote },
    { isWhole: head.isWhole, limit: Number.POSITIVE_INFINITY },
  );
  const [first = []] = all;
  const records = hasHeader ? all.slice(1) : all;
  const originals = first.map((cell, index) => (hasHeader ? cell?.trim() : undefined) || `column_${index}`);
  const names = nameColumns(originals);
  const isNull = (cell: Cell) => cell === undefined || cell === '' || cell === nullMarker;
  const columns = originals.map((original, index): FoundColumn => {
    const name = names[index] ?? original;
    const values = records.map((record) => record[index]).filter((cell) => !isNull(cell)) as string[];
    const { column, warning } = guessText(name, values);
    if (warning !== undefined) warnings.push(warning);
    return {
      column: {
        name,
        ...(name !== original && { sourceName: original }),
        ...column,
        mode: 'NULLABLE',
      },
      sourceType: 'text',
    };
  });
  const ragged = records.filter(({ length }) => length !== originals.length).length;
  if (ragged > 0)
    warnings.push(`${ragged} of the first ${records.length} rows have not ${originals.length} cells`);
  return {
    columns,
    key: [],
    ...estimateRows(records.length, head, object),
    sample: records
      .slice(0, sample)
      .map((record) => originals.map((_, index) => (isNull(record[index]) ? null : record[index]))),
    warnings,
  };
}

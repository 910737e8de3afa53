import type { FileRef } from '../../extract.ts';
import type { Insertion } from './insert.ts';
import type { StageWriter } from './stage.ts';

/** A file that goes to the server as it is. */
export interface Postable {
  readonly insertion: Omit<Insertion, 'into' | 'copy' | 'what'>;
  readonly size: number;
}

/**
 * Years that every date and time of ClickHouse can hold; it would take the nearest day of others. A time is kept as text,
 * in its shortest form.
 */
const years = { first: 1900, last: 2299, isShortTime: true };

/** The server holds all of a Parquet file in memory when it comes as a stream. */
const largestParquet = 512 * 2 ** 20;

/**
 * Each format's reader is loaded when a file of it comes.
 *
 * @returns undefined for a file that only the checked reader can tell good rows of
 */
export async function postable(writer: StageWriter, ref: FileRef): Promise<Postable | undefined> {
  switch (ref.format) {
    case 'csv':
      return postableCsv(writer, ref);
    case 'ndjson':
      return postableLines(writer, ref);
    case 'parquet':
      return postableParquet(writer, ref);
    default:
      return undefined;
  }
}

async function postableCsv({ target, origin }: StageWriter, ref: FileRef): Promise<Postable | undefined> {
  const { plainCsv } = await import('../../files/plain-csv.ts');
  const file = await plainCsv(target, ref, years);
  const isFit = file?.columns.every(({ name, sourceName = name }) => !/[\r\n]/.test(sourceName));
  // Of other delimiters the server is not sure.
  if (file?.quote !== '"' || !/[,;|]/.test(file.delimiter) || isFit !== true) return undefined;
  const { columns, delimiter, hasHeader, size } = file;
  const settings = {
    // Empty cells are NULL so, and nothing else is: a backslash at the beginning is not plain. Told by a representation of
    // NULL that is empty, the server looks at each cell twice.
    format_csv_null_representation: '\\N',
    input_format_csv_empty_as_default: 1,
    format_csv_delimiter: delimiter,
    input_format_csv_skip_first_lines: hasHeader ? 1 : 0,
  };
  return {
    insertion: { columns, origin, format: 'CSV', isPlain: true, settings, body: file.chunks() },
    size,
  };
}

async function postableLines({ target, origin }: StageWriter, ref: FileRef): Promise<Postable | undefined> {
  const { plainLines } = await import('../../files/plain-lines.ts');
  const file = await plainLines(target, ref, years);
  if (file === undefined) return undefined;
  const { columns, names, size } = file;
  return {
    insertion: { columns, names, origin, format: 'JSONEachRow', isPlain: true, body: file.chunks() },
    size,
  };
}

async function postableParquet({ target, origin }: StageWriter, ref: FileRef): Promise<Postable | undefined> {
  const { plainParquet } = await import('../../files/plain-parquet.ts');
  const file = await plainParquet(target, ref, years);
  if (file === undefined || file.size > largestParquet) return undefined;
  const { columns, names, size } = file;
  return { insertion: { columns, names, origin, format: 'Parquet', body: file.chunks() }, size };
}

import type { FileRef } from '../../extract.ts';
import { isNotPlain } from '../../files/csv-look.ts';
import type { PlainCsv } from '../../files/plain-csv.ts';
import { plainCsv } from '../../files/plain-csv.ts';
import { createScratch } from '../../run/scratch.ts';
import { isBadData, refusalOf } from './errors.ts';
import { postChecked } from './pipe.ts';
import type { Staged, StageWriter } from './stage.ts';

/** Years that every date and time of ClickHouse can hold; it would take the nearest day of others. */
const years = { first: 1900, last: 2299 };

/**
 * Loads local files. CSV goes to the server as it is while all its cells are plain; when one is not, or is refused, and for
 * all other files, the checked reader tells bad rows from good ones first.
 */
export async function loadFiles(writer: StageWriter, files: readonly FileRef[]): Promise<Staged> {
  const plain = await Promise.all(files.map((file) => postable(writer, file)));
  if (plain.every((file) => file !== undefined)) {
    try {
      return await postPlain(writer, plain);
    } catch (error) {
      const refusal = refusalOf(error);
      if (!isNotPlain(error) && (refusal === undefined || !isBadData(refusal))) throw error;
    }
  }
  const { checkFiles } = await import('../../files/check-files.ts');
  const scratch = createScratch();
  try {
    const { target, origin } = writer;
    const folder = await scratch.folder();
    return await postChecked(writer, await checkFiles({ target, origin, files, to: 'tsv', folder }));
  } finally {
    await scratch.remove();
  }
}

async function postable({ target }: StageWriter, ref: FileRef): Promise<PlainCsv | undefined> {
  const file = await plainCsv(target, ref, years);
  const isFit = file?.columns.every(
    // A time is kept as text, in its shortest form.
    ({ type, name, sourceName = name }) => type !== 'TIME' && !/[\r\n]/.test(sourceName),
  );
  // Of other delimiters the server is not sure.
  return file?.quote === '"' && /[,;|]/.test(file.delimiter) && isFit ? file : undefined;
}

async function postPlain(writer: StageWriter, files: readonly PlainCsv[]): Promise<Staged> {
  const staged = await writer.insertAll(
    files.map((file) => ({
      columns: file.columns,
      origin: writer.origin,
      format: 'CSV',
      isPlain: true,
      settings: {
        format_csv_null_representation: '',
        format_csv_delimiter: file.delimiter,
        input_format_csv_skip_first_lines: file.hasHeader ? 1 : 0,
      },
      body: file.chunks(),
    })),
    1,
  );
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return { read: staged, staged, bytes, quarantined: [], drift: [] };
}

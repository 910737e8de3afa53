import { createReadStream } from 'node:fs';
import type { FileRef } from '../../extract.ts';
import { csvDialect, readFirstLine } from '../../files/csv-header.ts';
import { inspectFile, withoutBom } from '../../files/inspect-file.ts';
import { literal } from '../../files/quote.ts';
import { createScratch } from '../../run/scratch.ts';
import type { Column, ColumnType } from '../../schema.ts';
import { copyIn } from './copy-in.ts';
import { isBadData } from './errors.ts';
import type { Staged } from './pipe.ts';
import { copyChecked } from './pipe.ts';
import type { StageWriter } from './stage.ts';
import { list } from './types.ts';

/**
 * Types whose text COPY reads exactly as the kit does. Of the others it takes too much: a zone that it drops, or words
 * for dates.
 */
const plainTypes: ReadonlySet<ColumnType> = new Set(['STRING', 'INTEGER', 'FLOAT', 'BOOLEAN', 'NUMERIC']);

/**
 * Loads local files. CSV whose dialect COPY knows, and whose header names only columns that need no reading of ours, goes
 * to the server as it is; when a value of it is refused, and for all other files, the checked reader tells bad rows from
 * good ones first.
 */
export async function loadFiles(writer: StageWriter, files: readonly FileRef[]): Promise<Staged> {
  const plain = await Promise.all(files.map((file) => plainCsv(writer, file)));
  if (plain.every((file) => file !== undefined)) {
    try {
      return await writer.attempt(async ({ sql, table, isNew }) => {
        let staged = 0;
        let bytes = 0;
        for (const { ref, columns, options, size } of plain) {
          const statement = `COPY ${table} (${list(columns)}) FROM STDIN (${options}${isNew ? ', FREEZE' : ''})`;
          const chunks = createReadStream(ref.path, { highWaterMark: 2 ** 18 });
          staged += (await copyIn(sql, statement, chunks, writer.target.name)).rows;
          bytes += size;
        }
        return { read: staged, staged, bytes, quarantined: [], drift: [] };
      });
    } catch (error) {
      if (!isBadData(error)) throw error;
    }
  }
  const { checkFiles } = await import('../../files/check-files.ts');
  const scratch = createScratch();
  try {
    const { target, origin } = writer;
    const folder = await scratch.folder();
    return await copyChecked(writer, await checkFiles({ target, origin, files, to: 'tsv', folder }));
  } finally {
    await scratch.remove();
  }
}

interface PlainCsv {
  readonly ref: FileRef;
  readonly columns: readonly Column[];
  readonly options: string;
  readonly size: number;
}

/** How COPY reads this file as it is; undefined when it cannot. */
async function plainCsv({ target }: StageWriter, ref: FileRef): Promise<PlainCsv | undefined> {
  const isPlain =
    ref.format === 'csv' &&
    (ref.encoding ?? 'utf-8') === 'utf-8' &&
    (ref.nullMarker ?? '') === '' &&
    (ref.compression ?? 'none') === 'none' &&
    !/\.(gz|zst)$/i.test(ref.path);
  if (!isPlain) return undefined;
  const file = await inspectFile(ref, target.name);
  const columns = columnsOf(target.columns, ref.header === false ? undefined : readFirstLine(file));
  const { delimiter, quote } = csvDialect(file);
  const hasBom = file.head.length !== withoutBom(file.head).length;
  if (columns === undefined || delimiter.length !== 1 || quote.length !== 1 || hasBom) return undefined;
  const header = ref.header === false ? '' : ', HEADER true';
  return {
    ref,
    columns,
    size: file.bytes,
    options: `FORMAT csv, NULL '', DELIMITER ${literal(delimiter)}, QUOTE ${literal(quote)}${header}`,
  };
}

/** The schema's columns in the order of the file; undefined when it has others, or ones that need reading. */
function columnsOf(
  columns: readonly Column[],
  header: readonly string[] | undefined,
): readonly Column[] | undefined {
  const names = header ?? columns.map((column) => column.sourceName ?? column.name);
  const found = names.map((name) => columns.find((column) => (column.sourceName ?? column.name) === name));
  const isFit = found.every(
    (column) =>
      column !== undefined &&
      plainTypes.has(column.type) &&
      column.mode !== 'REPEATED' &&
      column.format === undefined,
  );
  // An empty line is a row of one column, and an error of several.
  return isFit && names.length > 1 && new Set(names).size === names.length ? (found as Column[]) : undefined;
}

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { SQLInputValue } from 'node:sqlite';
import { fatal } from '../../errors.ts';
import type { FileRef } from '../../extract.ts';
import type { Column } from '../../schema.ts';
import type { LoadedFiles } from '../warehouse.ts';
import { BadCell } from './cells.ts';
import { csvCell } from './file-cells.ts';
import { insertRecords } from './insert-records.ts';
import { recordsOf } from './records-of.ts';
import type { StageTable } from './stage.ts';

/** A header of more bytes is left to the checked reader. */
const longestHeader = 64 * 1024;

/**
 * Puts CSV files into a stage without another reader, where that gives what the checked reader would give: commas, double
 * quotes, UTF-8, a header that names just the columns, and only plain types.
 *
 * @returns undefined when a file is not so
 * @throws BadCell at the first cell that its column cannot hold
 */
export async function insertCsv(
  stage: StageTable,
  files: readonly FileRef[],
): Promise<LoadedFiles | undefined> {
  const { columns } = stage.target;
  const before = stage.mark();
  const headers: (readonly string[])[] = [];
  for (const file of files) {
    const header = isPlain(file, columns) ? await readHeader(file.path) : undefined;
    if (header === undefined || !namesJust(header, columns)) return undefined;
    headers.push(header);
  }
  let bytes = 0;
  for (const [index, { path }] of files.entries()) {
    const header = headers[index] ?? [];
    const cells = columns.map((column) => ({
      read: readerOf(column),
      from: header.indexOf(nameOf(column)),
    }));
    const chunks = createReadStream(path, { highWaterMark: 2 ** 20 });
    const fields = { width: header.length, cells, after: [stage.origin, null] };
    await insertRecords(stage, recordsOf(chunks, 'csv', { null: '', skip: 1 }), fields).catch(
      (error: unknown) => {
        throw error instanceof BadCell ? error : unreadable(path, error);
      },
    );
    bytes += chunks.bytesRead;
  }
  return { read: stage.mark() - before, bytes, quarantined: [], drift: [] };
}

function isPlain(file: FileRef, columns: readonly Column[]): boolean {
  const { path, format, compression, delimiter, header, quote, nullMarker, encoding } = file;
  const isPacked = compression === undefined ? /\.(?:gz|zst)$/i.test(path) : compression !== 'none';
  const isOrdinary =
    (delimiter ?? (/\.tsv$/i.test(path) ? '\t' : ',')) === ',' &&
    header !== false &&
    (quote ?? '"') === '"' &&
    nullMarker === undefined &&
    (encoding ?? 'utf-8') === 'utf-8';
  const isTyped = columns.every((column) => csvCell(column) !== undefined);
  return format === 'csv' && !isPacked && isOrdinary && isTyped;
}

/** The names in the first line; undefined when it has no end, or is written in another way. */
async function readHeader(path: string): Promise<readonly string[] | undefined> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestHeader), 0, longestHeader, 0);
    const end = buffer.subarray(0, bytesRead).indexOf('\n');
    const line = buffer.toString('utf8', 0, end === -1 ? 0 : end);
    return line === '' || /["\r\uFEFF]/.test(line) ? undefined : line.split(',');
  } finally {
    await file.close();
  }
}

function namesJust(header: readonly string[], columns: readonly Column[]): boolean {
  const names = new Set(header);
  return (
    names.size === header.length &&
    header.length === columns.length &&
    columns.every((column) => names.has(nameOf(column)))
  );
}

function nameOf({ name, sourceName }: Column): string {
  return sourceName ?? name;
}

function readerOf(column: Column): (text: string | undefined) => SQLInputValue {
  const read = csvCell(column);
  if (read === undefined) throw new BadCell();
  return read;
}

function unreadable(path: string, cause: unknown) {
  return fatal('bad-file', {
    what: `the file cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)})`,
    got: path,
    todo: 'check that it exists and that the account of this run may read it',
    cause,
  });
}

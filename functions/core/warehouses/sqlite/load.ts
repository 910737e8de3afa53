import type { SQLInputValue } from 'node:sqlite';
import type { ByteStream } from '../../bytes.ts';
import { isCatchmentError, retryable } from '../../errors.ts';
import type { FileRef } from '../../extract.ts';
import { createScratch } from '../../run/scratch.ts';
import type { LoadedFiles } from '../warehouse.ts';
import { BadCell, cellReader } from './cells.ts';
import { recordsOf, type TextRecord } from './records-of.ts';
import type { StageTable } from './stage.ts';
import { allColumns } from './types.ts';

/** Loads local files through the checked reader: SQLite's own import is a command of its shell, not of the library. */
export async function loadFiles(stage: StageTable, files: readonly FileRef[]): Promise<LoadedFiles> {
  const { checkFiles } = await import('../../files/check-files.ts');
  const scratch = createScratch();
  try {
    const { target, origin } = stage;
    const checked = await checkFiles({ target, origin, files, to: 'tsv', folder: await scratch.folder() });
    await insertChecked(stage, checked.path);
    return checked;
  } finally {
    await scratch.remove();
  }
}

/**
 * Puts streams into a stage. Cells are looked at on their way; at the first one that its column cannot hold, all streams
 * are read once more through the checked reader, which tells the bad rows from the good.
 */
export async function pipeStreams(stage: StageTable, streams: readonly ByteStream[]): Promise<LoadedFiles> {
  const mark = stage.mark();
  try {
    return await pipeDirectly(stage, streams);
  } catch (error) {
    stage.resetTo(mark);
    if (!(error instanceof BadCell)) throw error;
  }
  const { checkBytes } = await import('../../files/check-bytes.ts');
  const scratch = createScratch();
  try {
    const { target, origin } = stage;
    const checked = await checkBytes({ target, origin, streams, to: 'tsv', folder: await scratch.folder() });
    await insertChecked(stage, checked.path);
    return checked;
  } catch (error) {
    stage.resetTo(mark);
    throw error;
  } finally {
    await scratch.remove();
  }
}

async function pipeDirectly(stage: StageTable, streams: readonly ByteStream[]): Promise<LoadedFiles> {
  const before = stage.mark();
  let bytes = 0;
  let announced: number | undefined;
  for (const stream of streams) {
    const format = stream.formats.includes('tsv') ? 'tsv' : 'csv';
    const read = stream.open(format);
    const toRow = rowMaker(stage, stream.columns);
    const counted = (async function* () {
      for await (const chunk of read.chunks) {
        bytes += chunk.byteLength;
        yield chunk;
      }
    })();
    try {
      for await (const records of recordsOf(counted, format)) stage.insert(records.map(toRow));
    } catch (error) {
      if (error instanceof BadCell || isCatchmentError(error)) throw error;
      throw retryable('vendor', {
        where: stage.target.name,
        what: `the source broke off: ${error instanceof Error ? error.message : String(error)}`,
        todo: 'nothing of the slice was loaded; the next run reads it again',
        cause: error,
      });
    }
    const rows = read.rows();
    if (rows !== undefined) announced = (announced ?? 0) + rows;
  }
  return { read: stage.mark() - before, bytes, announced, quarantined: [], drift: [] };
}

/** Rows that were checked, with their system columns, as `tsv`. */
async function insertChecked(stage: StageTable, path: string): Promise<void> {
  const { createReadStream } = await import('node:fs');
  const columns = allColumns(stage.target.columns);
  const readers = columns.map(cellReader);
  for await (const records of recordsOf(createReadStream(path, { highWaterMark: 2 ** 20 }), 'tsv'))
    stage.insert(records.map((record) => readers.map((read, index) => read(record[index]))));
}

/** Turns a record into a row of the stage: columns that the stream leaves out are NULL. */
function rowMaker({ target, origin }: StageTable, names: readonly string[]) {
  const parts = target.columns.map((column) => ({
    read: cellReader(column),
    from: names.indexOf(column.name),
  }));
  return (record: TextRecord): readonly SQLInputValue[] => {
    if (record.length !== names.length) throw new BadCell();
    const row: SQLInputValue[] = parts.map(({ read, from }) => read(from === -1 ? undefined : record[from]));
    row.push(origin, null);
    return row;
  };
}

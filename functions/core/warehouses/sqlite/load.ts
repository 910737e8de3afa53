import type { ByteStream } from '../../bytes.ts';
import { isCatchmentError, retryable } from '../../errors.ts';
import type { FileRef } from '../../extract.ts';
import { isNotPlain } from '../../files/not-plain.ts';
import { createScratch } from '../../run/scratch.ts';
import type { LoadedFiles } from '../warehouse.ts';
import { BadCell, cellReader } from './cells.ts';
import { insertRecords } from './insert-records.ts';
import { insertCsv } from './load-csv.ts';
import { insertLines } from './load-lines.ts';
import { recordsOf } from './records-of.ts';
import type { StageTable } from './stage.ts';
import { allColumns } from './types.ts';

type Checked = LoadedFiles & { readonly path: string };

/**
 * Loads local files. A plain CSV or JSON Lines file whose cells all fit is read here; any other, and one with a cell that does not fit,
 * goes through the checked reader.
 */
export async function loadFiles(stage: StageTable, files: readonly FileRef[]): Promise<LoadedFiles> {
  const mark = stage.mark();
  const direct = await attempt(
    stage,
    async () => (await insertCsv(stage, files)) ?? (await insertLines(stage, files)),
  );
  if (direct !== undefined) return direct;
  const { checkFiles } = await import('../../files/check-files.ts');
  const { target, origin } = stage;
  return throughFile(stage, mark, (folder) => checkFiles({ target, origin, files, to: 'tsv', folder }));
}

/**
 * Puts streams into a stage. Cells are looked at on their way; at the first one that its column cannot hold, all streams
 * are read once more through the checked reader, which tells the bad rows from the good.
 */
export async function pipeStreams(stage: StageTable, streams: readonly ByteStream[]): Promise<LoadedFiles> {
  const mark = stage.mark();
  const direct = await attempt(stage, () => pipeDirectly(stage, streams));
  if (direct !== undefined) return direct;
  const { checkBytes } = await import('../../files/check-bytes.ts');
  const { target, origin } = stage;
  return throughFile(stage, mark, (folder) => checkBytes({ target, origin, streams, to: 'tsv', folder }));
}

/** @returns undefined, and the stage as it was, when a cell did not fit */
async function attempt(
  stage: StageTable,
  work: () => Promise<LoadedFiles | undefined>,
): Promise<LoadedFiles | undefined> {
  const mark = stage.mark();
  try {
    return await work();
  } catch (error) {
    stage.resetTo(mark);
    if (error instanceof BadCell || isNotPlain(error)) return undefined;
    throw error;
  }
}

async function throughFile(
  stage: StageTable,
  mark: number,
  check: (folder: string) => Promise<Checked>,
): Promise<LoadedFiles> {
  const scratch = createScratch();
  try {
    const checked = await check(await scratch.folder());
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
    const counted = (async function* () {
      for await (const chunk of read.chunks) {
        bytes += chunk.byteLength;
        yield chunk;
      }
    })();
    try {
      await insertRecords(stage, recordsOf(counted, format), fieldsOf(stage, stream.columns));
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

/** Columns that a stream leaves out are NULL. */
function fieldsOf({ target, origin }: StageTable, names: readonly string[]) {
  return {
    width: names.length,
    cells: target.columns.map((column) => ({ read: cellReader(column), from: names.indexOf(column.name) })),
    after: [origin, null],
  };
}

/** Rows that were checked, with their system columns, as `tsv`. */
async function insertChecked(stage: StageTable, path: string): Promise<void> {
  const { createReadStream } = await import('node:fs');
  const columns = allColumns(stage.target.columns);
  const cells = columns.map((column, from) => ({ read: cellReader(column), from }));
  const chunks = createReadStream(path, { highWaterMark: 2 ** 20 });
  await insertRecords(stage, recordsOf(chunks, 'tsv'), { width: columns.length, cells, after: [] });
}

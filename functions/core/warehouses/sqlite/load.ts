import { stat } from 'node:fs/promises';
import type { ByteStream } from '../../bytes.ts';
import { fatal, isCatchmentError, retryable } from '../../errors.ts';
import type { FileRef } from '../../extract.ts';
import { isNotPlain, NotPlain } from '../../files/not-plain.ts';
import { plainCsv } from '../../files/plain-csv.ts';
import { createScratch } from '../../run/scratch.ts';
import type { LoadedFiles } from '../warehouse.ts';
import { insertLines } from './load-lines.ts';
import { insertRows } from './rows-thread.ts';
import type { StageTable } from './stage.ts';
import { takenAt, writeTsv } from './write-rows.ts';

type Checked = LoadedFiles & { readonly path: string; readonly rows: number };

/**
 * Loads local files. Plain CSV or JSON Lines files whose cells all fit are read here; any others, and those with a cell
 * that does not fit, go through the checked reader.
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
    if (isNotPlain(error)) return undefined;
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
    const { size } = await stat(checked.path);
    const read = await insertRows(stage, { kind: 'checked', path: checked.path }, size);
    if (read === undefined || stage.mark() - mark !== checked.rows)
      throw fatal('warehouse', {
        where: stage.target.name,
        what: `of ${checked.rows} checked rows ${stage.mark() - mark} could be inserted`,
        todo: 'nothing of them was loaded; this is an error of the kit: please report it with the type of the columns',
      });
    return checked;
  } catch (error) {
    stage.resetTo(mark);
    throw error;
  } finally {
    await scratch.remove();
  }
}

/** @returns undefined when only the checked reader can read a file */
async function insertCsv(stage: StageTable, files: readonly FileRef[]): Promise<LoadedFiles | undefined> {
  // Quick to tell, before a thread is started.
  const plain = await Promise.all(files.map((file) => plainCsv(stage.target, file)));
  if (!plain.every((file) => file !== undefined)) return undefined;
  const before = stage.mark();
  const size = plain.reduce((sum, file) => sum + file.size, 0);
  const bytes = await insertRows(stage, { kind: 'csv', files }, size);
  if (bytes === undefined) throw new NotPlain();
  return { read: stage.mark() - before, bytes, quarantined: [], drift: [] };
}

/** @returns undefined for a stream that its source writes as csv only */
async function pipeDirectly(
  stage: StageTable,
  streams: readonly ByteStream[],
): Promise<LoadedFiles | undefined> {
  if (!streams.every(({ formats }) => formats.includes('tsv'))) return undefined;
  const before = stage.mark();
  let bytes = 0;
  let announced: number | undefined;
  for (const stream of streams) {
    const read = stream.open('tsv');
    const columns = stage.target.columns.map((column) =>
      takenAt(column, stream.columns.indexOf(column.name)),
    );
    try {
      bytes += await writeTsv(stage.startRows(), read.chunks, {
        ...{ columns, origin: stage.origin },
        width: stream.columns.length,
      });
    } catch (error) {
      if (isNotPlain(error) || isCatchmentError(error)) throw error;
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

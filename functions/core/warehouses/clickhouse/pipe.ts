import { createReadStream } from 'node:fs';
import type { ByteRead, ByteStream } from '../../bytes.ts';
import { fatal, isCatchmentError, retryable } from '../../errors.ts';
import type { Quarantined } from '../../rows/check.ts';
import { createScratch } from '../../run/scratch.ts';
import type { Column } from '../../schema.ts';
import type { LoadedFiles } from '../warehouse.ts';
import { isBadData, refusalOf } from './errors.ts';
import type { Staged, StageWriter } from './stage.ts';
import { allColumns } from './types.ts';
import { fitLines } from './unfit-rows.ts';

/** Streams that are sent at the same time: ClickHouse parses each with all its cores. */
const parallel = 2;

/**
 * Posts streams as they are, each as the body of one INSERT. When the server refuses a cell, all of them are read once
 * more through the checked reader, which tells the bad rows from the good.
 */
export async function pipeStreams(writer: StageWriter, streams: readonly ByteStream[]): Promise<Staged> {
  const { target, origin } = writer;
  try {
    return await postStreams(writer, streams);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined || !isBadData(refusal)) throw error;
  }
  const { checkBytes } = await import('../../files/check-bytes.ts');
  const scratch = createScratch();
  try {
    const folder = await scratch.folder();
    return await postChecked(writer, await checkBytes({ target, origin, streams, to: 'tsv', folder }));
  } finally {
    await scratch.remove();
  }
}

async function postStreams(writer: StageWriter, streams: readonly ByteStream[]): Promise<Staged> {
  const { target, origin } = writer;
  const posts = streams.map((stream) => {
    const format = stream.formats.includes('tsv') ? 'tsv' : 'csv';
    const columns = stream.columns.map((name) => columnOf(writer, name));
    return { format, columns, exact: stream.exact, ...watched(stream, format, target.name) } as const;
  });
  const staged = await writer.insertAll(
    posts.map(({ format, columns, exact, chunks }) => ({
      columns,
      exact,
      origin,
      format: format === 'tsv' ? 'TabSeparated' : 'CSV',
      body: chunks,
    })),
    parallel,
  );
  const counted = posts.map(({ rows }) => rows()).filter((rows) => rows !== undefined);
  return {
    read: staged,
    staged,
    announced: counted.length === 0 ? undefined : counted.reduce((sum, rows) => sum + rows, 0),
    bytes: posts.reduce((sum, { bytes }) => sum + bytes(), 0),
    quarantined: [],
    drift: [],
  };
}

function columnOf({ target }: StageWriter, name: string): Column {
  const column = target.columns.find((each) => each.name === name);
  if (column !== undefined) return column;
  throw fatal('internal', {
    where: target.name,
    what: 'a stream has a column that the schema file lacks',
    got: name,
    allowed: target.columns.map((each) => each.name),
  });
}

/** A stream that is opened when it is needed, with its bytes counted, and the source named when it breaks off. */
function watched(stream: ByteStream, format: 'csv' | 'tsv', where: string) {
  let read: ByteRead | undefined;
  let bytes = 0;
  return {
    rows: () => read?.rows(),
    bytes: () => bytes,
    chunks: (async function* () {
      read = stream.open(format);
      try {
        for await (const chunk of read.chunks) {
          bytes += chunk.length;
          yield chunk;
        }
      } catch (cause) {
        if (isCatchmentError(cause)) throw cause;
        throw retryable('vendor', {
          where,
          what: `the source broke off in the middle of its rows (${(cause as Error).message})`,
          todo: 'nothing of them was loaded; run it again',
          cause,
        });
      }
    })(),
  };
}

/** Posts a file that the checked reader wrote as `tsv`: all columns, the kit's own too. */
export async function postChecked(
  writer: StageWriter,
  checked: LoadedFiles & { readonly path: string; readonly rows: number },
): Promise<Staged> {
  const { path, rows: _, ...loaded } = checked;
  const columns = allColumns(writer.target.columns);
  const file = createReadStream(path, { highWaterMark: 2 ** 20 });
  const refused: Quarantined[] = [];
  const staged = await writer.insertAll(
    [
      {
        columns,
        format: 'TabSeparated',
        body: fitLines(columns, file, (row) => refused.push(row)),
      },
    ],
    1,
  );
  return { ...loaded, quarantined: [...loaded.quarantined, ...refused], staged };
}

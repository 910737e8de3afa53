import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { StageTable } from './stage.ts';
import type { RowSource, RowTarget } from './write-rows.ts';
import { writeRows } from './write-rows.ts';

export interface RowsRequest {
  readonly target: RowTarget;
  readonly origin: string;
  readonly source: RowSource;
  readonly table: string;
  readonly width: number;
  readonly rowId: number;
  /** Changesets that were sent and not inserted yet: one whole number, which both threads see. */
  readonly open: SharedArrayBuffer;
}

/** A changeset, or the end: what `writeRows` returned. */
export type RowsMessage =
  | { readonly rows: number; readonly bytes: Uint8Array }
  | { readonly read: number | undefined };

/** More would only wait: inserting is the slower part. */
export const mostOpen = 2;

/** Files of fewer bytes are read before a thread has started. */
const worthAThread = 8 * 2 ** 20;

/**
 * Puts the rows of files into a stage: a second thread reads them while this one inserts, where there are two cores.
 *
 * @param size bytes of the files
 * @returns bytes that were read; undefined when only the checked reader can read a file, and then rows may be there
 * @throws what `writeRows` throws
 */
export async function insertRows(
  stage: StageTable,
  source: RowSource,
  size: number,
): Promise<number | undefined> {
  const code = new URL('./rows-worker.ts', import.meta.url);
  const { columns, key, name } = stage.target;
  const target = { columns, key, name };
  // A bundle is one file, which has no thread's code beside it.
  if (size < worthAThread || availableParallelism() < 2 || !existsSync(code))
    return writeRows(stage.startRows(), target, stage.origin, source);
  const { table, width } = stage;
  const open = new SharedArrayBuffer(4);
  const request: RowsRequest = {
    ...{ target, origin: stage.origin, source, table, width, open },
    rowId: stage.mark() + 1,
  };
  return insertFrom(stage, new Worker(code, { workerData: request }), new Int32Array(open));
}

async function insertFrom(
  stage: StageTable,
  worker: Worker,
  open: Int32Array<SharedArrayBuffer>,
): Promise<number | undefined> {
  const end = Promise.withResolvers<number | undefined>();
  worker.on('message', (message: RowsMessage) => {
    try {
      if ('read' in message) return end.resolve(message.read);
      stage.apply(message.bytes, message.rows);
      Atomics.sub(open, 0, 1);
      Atomics.notify(open, 0);
    } catch (error) {
      end.reject(error);
    }
  });
  // What a file that breaks off means is the checked reader's affair.
  worker.on('error', () => end.resolve(undefined));
  worker.on('exit', () => end.reject(new Error('the thread that reads rows ended')));
  try {
    return await end.promise;
  } finally {
    const isEnded = once(worker, 'exit');
    await Promise.all([worker.terminate(), isEnded]).catch(() => undefined);
  }
}

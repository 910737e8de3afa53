import { parentPort, workerData } from 'node:worker_threads';
import { isNotPlain } from '../../files/not-plain.ts';
import { createChangeset } from './changeset.ts';
import { stageRows } from './row-taker.ts';
import type { RowsMessage, RowsRequest } from './rows-thread.ts';
import { mostOpen } from './rows-thread.ts';
import { writeRows } from './write-rows.ts';

/** A thread that makes changesets of files. */
const { target, origin, source, table, width, rowId, open: shared } = workerData as RowsRequest;
const open = new Int32Array(shared);
const send = (message: RowsMessage, transfer: ArrayBuffer[] = []) =>
  parentPort?.postMessage(message, transfer);

const rows = stageRows(createChangeset(table, width, rowId), (changeset) => {
  for (let count = Atomics.load(open, 0); count >= mostOpen; count = Atomics.load(open, 0))
    Atomics.wait(open, 0, count);
  Atomics.add(open, 0, 1);
  const count = changeset.rows;
  const bytes = new Uint8Array(changeset.take());
  send({ rows: count, bytes }, [bytes.buffer]);
});
try {
  send({ read: await writeRows(rows, target, origin, source) });
} catch (error) {
  if (!isNotPlain(error)) throw error;
  send({ read: undefined });
}

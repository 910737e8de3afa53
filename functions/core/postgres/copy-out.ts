import type { Socket } from 'node:net';
import type pg from 'pg';
import { createCopyFrames } from './copy-frames.ts';

export interface CopyOut {
  /** Bytes of the rows, cut anywhere. Who leaves early has to close the connection. */
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** Rows as the server counted them, once the chunks have ended. */
  readonly rows: () => number | undefined;
}

/**
 * Reads a whole `COPY … TO STDOUT` statement from the driver's socket, on a connection that does nothing else meanwhile. A
 * slow reader slows the server down.
 *
 * @throws while reading, what the server says, or that it is gone
 */
export function copyOut(client: pg.Client, sql: string): CopyOut {
  const query = createQuery(sql);
  return { chunks: readChunks(client, query), rows: () => query.rows };
}

async function* readChunks(client: pg.Client, query: CopyQuery): AsyncGenerator<Uint8Array, void, undefined> {
  client.query(query);
  const socket = await Promise.race([query.started, query.ended]);
  if (socket === undefined) return;
  // One reader at a time: the driver's own gets the rest back.
  const [reader] = socket.listeners('data') as ((chunk: Buffer) => void)[];
  if (reader === undefined) throw new Error('the driver does not read its socket');
  socket.pause();
  socket.off('data', reader);
  const frames = createCopyFrames();
  const bytes = socket.iterator({ destroyOnReturn: false });
  while (frames.rest === undefined) {
    const { done, value } = await bytes.next().catch(() => ({ done: true, value: undefined }));
    if (done === true) {
      // The driver tells why, when it is a reason that it knows.
      await query.ended;
      throw new Error('the server closed the connection');
    }
    const rows = frames.push(value as Buffer);
    if (rows.length > 0) yield rows;
  }
  await bytes.return?.();
  socket.on('data', reader);
  reader(frames.rest);
  socket.resume();
  await query.ended;
}

/** What the driver calls while it runs a statement that is not of its own making. */
interface CopyQuery extends pg.Submittable {
  /** The connection's socket, once the statement is on its way. */
  readonly started: Promise<Socket>;
  /** When the server is ready for another statement; fails with its error. */
  readonly ended: Promise<undefined>;
  readonly rows: number | undefined;
}

function createQuery(sql: string): CopyQuery {
  const started = Promise.withResolvers<Socket>();
  const ended = Promise.withResolvers<undefined>();
  // Nobody may be waiting yet.
  ended.promise.catch(() => undefined);
  let rows: number | undefined;
  const query = {
    started: started.promise,
    ended: ended.promise,
    get rows() {
      return rows;
    },
    submit(connection: pg.Connection) {
      connection.query(sql);
      started.resolve(connection.stream as Socket);
    },
    handleCommandComplete({ text }: { readonly text: string }) {
      const [, count] = /^COPY (\d+)/.exec(text) ?? [];
      rows = count === undefined ? undefined : Number(count);
    },
    handleError: ended.reject,
    handleReadyForQuery: () => ended.resolve(undefined),
  };
  return query;
}

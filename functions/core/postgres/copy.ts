import type { ConnectOptions } from './connect.ts';
import { connectPostgres } from './connect.ts';
import { copyOut as readCopy } from './copy-out.ts';
import { postgresError } from './error.ts';

/** What is read by COPY, and under which snapshot of another session. */
export interface CopyOptions {
  readonly connect: ConnectOptions;
  /** Name of a snapshot that another session exported and holds. */
  readonly snapshot: string;
  /** A whole `COPY … TO STDOUT` statement. */
  readonly sql: string;
  /** For errors, such as `cannot copy public.orders`. */
  readonly what: string;
  /** Called with the rows as the server counted them, once all chunks are read. */
  readonly onEnd: (rows: number) => void;
}

/** Bytes of a COPY on a connection of its own; a slow reader slows the server down. Leaving early ends the COPY. */
export async function* copyOut(options: CopyOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { connect, snapshot, sql, what, onEnd } = options;
  const client = await connectPostgres(connect);
  try {
    await client.query(
      [
        'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
        `SET TRANSACTION SNAPSHOT '${snapshot}'`,
        // Rows that a policy hides would be missing in silence; this makes the server refuse instead.
        'SET LOCAL row_security = off',
      ].join('; '),
    );
    const { chunks, rows } = readCopy(client, sql);
    yield* chunks;
    await client.query('COMMIT');
    const count = rows();
    if (count !== undefined) onEnd(count);
  } catch (error) {
    throw postgresError(error, { where: connect.where, what });
  } finally {
    // The socket, not a goodbye: a server in the middle of a COPY does not listen.
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

import { pipeline } from 'node:stream/promises';
import { isCatchmentError, retryable } from '../../errors.ts';
import type { Sql } from './database.ts';

/** Chunks that come one by one are gathered up to this size: each costs a message of its own. */
const gathered = 64 * 1024;

/**
 * Sends bytes to a `COPY … FROM STDIN`, as fast as the server takes them.
 *
 * @param chunks may throw; the statement is ended then, and takes nothing
 * @returns rows that the server counted
 * @throws retryable `vendor` when the chunks break off, else what the server says
 */
export async function copyIn(
  { client }: Sql,
  statement: string,
  chunks: AsyncIterable<Uint8Array>,
  where: string,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const { from } = await import('pg-copy-streams');
  let bytes = 0;
  let broken: { readonly error: unknown } | undefined;
  async function* counted() {
    let waiting: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (size === 0 && chunk.length >= gathered) {
          yield chunk;
          continue;
        }
        // Its memory may be another chunk's when the next is asked for; larger ones are sent before that.
        waiting.push(Buffer.from(chunk));
        size += chunk.length;
        if (size < gathered) continue;
        yield Buffer.concat(waiting, size);
        waiting = [];
        size = 0;
      }
    } catch (error) {
      broken = { error };
      throw error;
    }
    if (size > 0) yield Buffer.concat(waiting, size);
  }
  const copy = client.query(from(statement));
  try {
    await pipeline(counted, copy);
  } catch (error) {
    if (broken === undefined || isCatchmentError(error)) throw error;
    throw retryable('vendor', {
      where,
      what: `a stream of rows broke off (${(broken.error as Error).message})`,
      todo: 'nothing of it was loaded; run it again',
      cause: broken.error,
    });
  }
  return { rows: copy.rowCount, bytes };
}

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Connection } from 'pg';
import type { CatchmentError } from '../core/errors.ts';
import { retryable } from '../core/errors.ts';
import { codeOf, postgresError } from '../core/postgres/error.ts';
import type { Lsn } from './position.ts';
import { formatLsn } from './position.ts';
import { logLost } from './slot.ts';

/**
 * What comes out of a slot: messages as `decode` takes them, and in between how far the server has read its log. Bytes are
 * cheaper to keep than values while a commit goes on.
 */
export type Received = Buffer | { readonly kind: 'keepalive'; readonly lsn: Lsn };

export interface SlotStream {
  /**
   * What has come since the last call, at once; else what comes first within `waitMs`; else nothing.
   *
   * @throws what the server says when it breaks off, retryable `network` when it is gone
   */
  read(waitMs: number): Promise<readonly Received[]>;
  /** Tells the server how far it may forget its log. */
  report(flushed: Lsn, options?: { readonly wantsAnswer: boolean }): void;
  /** Sends what was reported last, and waits a moment for the server to let go of the slot. */
  close(): Promise<void>;
}

export interface StreamOptions {
  readonly client: Client;
  readonly where: string;
  readonly slot: string;
  readonly publication: string;
  readonly from: Lsn;
  /** `server_version_num`, such as 150004. */
  readonly serverVersion: number;
}

/** What may wait to be read before the server is made to wait. */
const mostWaiting = { messages: 20_000, bytes: 64 * 2 ** 20 };
/** A server that sends nothing for so long is gone: it is asked for an answer several times within. */
const silenceMs = 60_000;
const reportEveryMs = 10_000;
const closeMs = 2_000;

/** Microseconds from 1970 to 2000, in milliseconds. */
const epochMs = 946_684_800_000;

/** Starts to read a slot. https://www.postgresql.org/docs/current/protocol-replication.html */
export function openSlotStream({ client, where, slot, publication, ...options }: StreamOptions): SlotStream {
  const { from, serverVersion } = options;
  let connection: Connection | undefined;
  let waiting: Received[] = [];
  let waitingBytes = 0;
  let wake: (() => void) | undefined;
  let failure: unknown;
  let isPaused = false;
  let flushed = from;
  let received = from;
  let heardAt = performance.now();

  const fail = (error: unknown) => {
    failure ??= error;
    wake?.();
  };

  const send = (wantsAnswer: boolean) => {
    const status = Buffer.alloc(34);
    status.write('r');
    status.writeBigInt64BE(received > flushed ? received : flushed, 1);
    status.writeBigInt64BE(flushed, 9);
    status.writeBigInt64BE(flushed, 17);
    status.writeBigInt64BE(BigInt(Date.now() - epochMs) * 1000n, 25);
    status.writeUInt8(wantsAnswer ? 1 : 0, 33);
    (connection as unknown as { sendCopyFromChunk(chunk: Buffer): void } | undefined)?.sendCopyFromChunk(
      status,
    );
  };

  const timer = setInterval(() => {
    if (!isPaused && performance.now() - heardAt > silenceMs)
      fail(
        retryable('network', {
          where,
          what: `the server has been silent for ${silenceMs / 1000} s`,
          todo: 'check the network between here and the server; then run it again',
        }),
      );
    else send(true);
  }, reportEveryMs);

  const take = (chunk: Buffer) => {
    heardAt = performance.now();
    if (chunk[0] === 0x77) {
      received = chunk.readBigInt64BE(1);
      // A copy, since the driver uses the bytes again.
      waiting.push(Buffer.from(chunk.subarray(25)));
      waitingBytes += chunk.length;
    } else if (chunk[0] === 0x6b) {
      const lsn = chunk.readBigInt64BE(1);
      if (chunk[17] === 1) send(false);
      waiting.push({ kind: 'keepalive', lsn });
    }
    const isFull = waiting.length >= mostWaiting.messages || waitingBytes >= mostWaiting.bytes;
    if (isFull && !isPaused) {
      isPaused = true;
      connection?.stream.pause();
    }
    wake?.();
  };

  // What `pg` calls on a query object of its own kind; it takes over the connection until the server ends the copy.
  client.query({
    submit(opened: Connection) {
      connection = opened;
      opened.query(startSql(slot, publication, from, serverVersion));
    },
    handleCopyData({ chunk }: { readonly chunk: Buffer }) {
      try {
        take(chunk);
      } catch (error) {
        fail(error);
      }
    },
    handleError: fail,
    handleCommandComplete: () => undefined,
    handleReadyForQuery: () => fail(retryable('network', { where, what: 'the server has ended the stream' })),
  } as { submit(connection: Connection): void });
  client.on('error', fail);
  client.on('end', () => fail(new Error('connection terminated')));

  return {
    async read(waitMs) {
      if (waiting.length === 0 && failure === undefined) {
        await new Promise<void>((resolve) => {
          const timeout = setTimeout(resolve, waitMs);
          wake = () => {
            clearTimeout(timeout);
            resolve();
          };
        });
        wake = undefined;
      }
      const taken = waiting;
      waiting = [];
      waitingBytes = 0;
      if (isPaused) {
        isPaused = false;
        heardAt = performance.now();
        connection?.stream.resume();
      }
      // What came before the end is whole.
      if (taken.length === 0 && failure !== undefined) throw streamError(failure, where, slot);
      return taken;
    },
    report(lsn, { wantsAnswer } = { wantsAnswer: false }) {
      if (lsn > flushed) flushed = lsn;
      send(wantsAnswer);
    },
    async close() {
      clearInterval(timer);
      failure ??= new Error('connection terminated');
      const socket = connection?.stream;
      if (socket === undefined || socket.destroyed) return;
      const closed = once(socket, 'close').catch(() => undefined);
      socket.resume();
      socket.end();
      await Promise.race([closed, sleep(closeMs)]);
      socket.destroy();
    },
  };
}

function streamError(failure: unknown, where: string, slot: string): CatchmentError {
  const code = codeOf(failure);
  const words = failure instanceof Error ? failure.message : '';
  // The publication is looked for as it was when each change was made.
  if (code === '42704' && words.includes('publication'))
    return logLost(
      where,
      `the log holds changes that were made while the publication did not exist (${words})`,
    );
  if (code === '55000' || code === '42704')
    return logLost(where, `the slot "${slot}" can no longer be read (${words})`);
  return postgresError(failure, { where, what: `the stream of slot "${slot}" broke off` });
}

/** Newer protocol versions only add what is not asked for: streaming, two-phase commit, parallel apply. */
function startSql(slot: string, publication: string, from: Lsn, serverVersion: number): string {
  const version =
    serverVersion >= 160_000 ? 4 : serverVersion >= 150_000 ? 3 : serverVersion >= 140_000 ? 2 : 1;
  const list = `"${publication.replaceAll('"', '""')}"`.replaceAll("'", "''");
  return `START_REPLICATION SLOT "${slot}" LOGICAL ${formatLsn(from)} (proto_version '${version}', publication_names '${list}')`;
}

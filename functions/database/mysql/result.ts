import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { TextDecoder } from 'node:util';
import { fatal } from '../../core/errors.ts';
import type { CellKind, Encoder } from './encode.ts';
import { createEncoder, enough } from './encode.ts';
import type { Frame } from './frames.ts';
import { createFrames } from './frames.ts';

const comQuery = 0x03;
const errorMark = 0xff;
const endMark = 0xfe;

/** A connection's socket, on which statements are sent and their rows read as bytes. */
export interface RowSocket {
  /**
   * Rows of one SELECT. What a reader leaves unread is read and thrown away before the next statement.
   *
   * @throws what the server says, with `errno`; an error of the socket
   */
  rows(request: RowRequest): AsyncGenerator<Uint8Array, void, undefined>;
}

export interface RowRequest {
  readonly sql: string;
  readonly format: 'csv' | 'tsv';
  readonly kinds: readonly CellKind[];
  /** Called when all rows have been read. */
  readonly onEnd: (encoder: Encoder) => void;
}

/** @param socket past the login, with no other reader */
export function createRowSocket(socket: Socket): RowSocket {
  const frames = createFrames();
  const frame: Frame = { buffer: Buffer.alloc(0), start: 0, end: 0 };
  const chunks = socket.iterator({ destroyOnReturn: false });
  let isBusy = false;

  /** Waits for bytes; false when the server is gone. */
  const more = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (done === true) return false;
    frames.push(value as Uint8Array);
    return true;
  };
  const frameOrThrow = async (): Promise<void> => {
    while (!frames.next(frame)) if (!(await more())) throw gone();
  };

  /** Reads on to the end of the last answer. */
  const drain = async (): Promise<void> => {
    while (isBusy) {
      await frameOrThrow();
      if (isEnd(frame) || frame.buffer[frame.start] === errorMark) isBusy = false;
    }
  };

  const start = async (sql: string): Promise<void> => {
    await drain();
    socket.write(statement(sql));
    await frameOrThrow();
    if (frame.buffer[frame.start] === errorMark) throw serverError(frame);
    if (frame.buffer[frame.start] === 0) throw fatal('bad-input', { what: 'the SQL gives no rows' });
    isBusy = true;
    // The names and types of the columns end like the rows do.
    do await frameOrThrow();
    while (!isEnd(frame));
  };

  return {
    async *rows({ sql, format, kinds, onEnd }) {
      await start(sql);
      const encoder = createEncoder(format, kinds);
      for (;;) {
        while (frames.next(frame)) {
          const mark = frame.buffer[frame.start];
          if (mark === errorMark) {
            isBusy = false;
            throw serverError(frame);
          }
          if (mark === endMark && isEnd(frame)) {
            isBusy = false;
            if (encoder.waiting > 0) yield encoder.take();
            onEnd(encoder);
            return;
          }
          encoder.add(frame.buffer, frame.start, frame.end);
          if (encoder.waiting >= enough) yield encoder.take();
        }
        if (!(await more())) throw gone();
      }
    },
  };
}

/** A packet that says that rows, or columns, are over. A row that begins with the same byte is 16 MB long. */
function isEnd({ buffer, start, end }: Frame): boolean {
  return buffer[start] === endMark && end - start < 9;
}

function statement(sql: string): Uint8Array {
  const text = Buffer.from(sql);
  if (text.length + 1 >= 0xff_ff_ff) throw fatal('bad-input', { what: 'the SQL is longer than 16 MB' });
  const packet = Buffer.alloc(5 + text.length);
  packet.writeUIntLE(text.length + 1, 0, 3);
  packet[4] = comQuery;
  text.copy(packet, 5);
  return packet;
}

/** Number, a state of six characters, text. */
function serverError({ buffer, start, end }: Frame): Error {
  const errno = (buffer[start + 1] ?? 0) + (buffer[start + 2] ?? 0) * 256;
  const text = start + (buffer[start + 3] === 0x23 ? 9 : 3);
  const message = new TextDecoder().decode(buffer.subarray(text, end));
  return Object.assign(new Error(message), { errno, sqlMessage: message });
}

function gone(): Error {
  return Object.assign(new Error('the server closed the connection'), { code: 'PROTOCOL_CONNECTION_LOST' });
}

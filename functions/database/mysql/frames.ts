import { Buffer } from 'node:buffer';

/** Packets of the MySQL protocol hold at most this many bytes; a longer payload goes on in the next one. */
const longest = 0xff_ff_ff;

/** A payload inside a buffer that is good until the next one is asked for. */
export interface Frame {
  buffer: Uint8Array;
  start: number;
  end: number;
}

/**
 * Cuts a stream of bytes into packets. Bytes are given with `push`; `next` fills the same frame again and again, and is
 * false when more bytes are needed. https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
 */
export function createFrames(): {
  push(chunk: Uint8Array): void;
  next(frame: Frame): boolean;
} {
  /** Bytes that begin a packet whose end has not come; joined when it has, so a large cell is copied once. */
  let parts: Uint8Array[] = [];
  let held = 0;
  let needed = 0;
  let buffer: Uint8Array = empty;
  let at = 0;
  /** What came behind the packet that was joined: only that one is copied, not the rest of the chunk. */
  let later: Uint8Array = empty;

  const push = (chunk: Uint8Array) => {
    const missing = needed - held;
    if (held > 0 && chunk.length < missing) {
      parts.push(chunk);
      held += chunk.length;
      return;
    }
    if (held > 0) {
      buffer = Buffer.concat([...parts, chunk.subarray(0, missing)], needed);
      later = chunk.subarray(missing);
    } else buffer = chunk;
    parts = [];
    held = 0;
    at = 0;
  };

  const next = (frame: Frame): boolean => {
    for (;;) {
      if (held > 0) return false;
      const left = buffer.length - at;
      const length = left < 4 ? 0 : lengthAt(buffer, at);
      if (left >= 4 && length < longest && left >= 4 + length) {
        frame.buffer = buffer;
        frame.start = at + 4;
        frame.end = at + 4 + length;
        at = frame.end;
        return true;
      }
      const whole = left < 4 ? undefined : wholeLength(buffer, at);
      if (whole?.isWhole === true) {
        frame.buffer = joined(buffer, at);
        frame.start = 0;
        frame.end = frame.buffer.length;
        at += whole.bytes;
        return true;
      }
      parts = left === 0 ? [] : [buffer.subarray(at)];
      held = left;
      needed = whole?.bytes ?? 4;
      buffer = empty;
      at = 0;
      if (later.length === 0) return false;
      const chunk = later;
      later = empty;
      push(chunk);
    }
  };
  return { push, next };
}

const empty = Buffer.alloc(0);

function lengthAt(buffer: Uint8Array, at: number): number {
  return (buffer[at] ?? 0) + (buffer[at + 1] ?? 0) * 256 + (buffer[at + 2] ?? 0) * 65_536;
}

/** Bytes of a payload and its headers, as far as they can be seen. */
function wholeLength(buffer: Uint8Array, start: number): { bytes: number; isWhole: boolean } {
  let at = start;
  for (;;) {
    if (buffer.length - at < 4) return { bytes: at + 4 - start, isWhole: false };
    const length = lengthAt(buffer, at);
    at += 4 + length;
    if (at > buffer.length) return { bytes: at - start, isWhole: false };
    if (length < longest) return { bytes: at - start, isWhole: true };
  }
}

function joined(buffer: Uint8Array, start: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = start;
  for (;;) {
    const length = lengthAt(buffer, at);
    parts.push(buffer.subarray(at + 4, at + 4 + length));
    at += 4 + length;
    if (length < longest) return Buffer.concat(parts);
  }
}

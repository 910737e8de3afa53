/** Messages that may come between those of the rows; anything else ends the COPY. */
const data = 0x64;
const passing = new Set([...Buffer.from('HNSA')]);

/** A type of one byte, and a length of four that counts itself. */
const headerBytes = 5;

export interface CopyFrames {
  /**
   * The rows in these bytes, as one piece. The bytes are written over: the rows move together in place, because a copy of
   * each row as an object costs as much as all the rest of a COPY.
   */
  push(chunk: Buffer): Uint8Array;
  /** What came behind the last row, from the message that ended the COPY on; undefined while it goes on. */
  readonly rest: Buffer | undefined;
}

/**
 * Takes the messages of a `COPY … TO STDOUT` apart, wherever they are cut.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function createCopyFrames(): CopyFrames {
  const header = Buffer.alloc(headerBytes);
  /** Bytes of a header that has come in part. */
  let held = 0;
  /** Bytes of the open message that have not come yet. */
  let left = 0;
  let isData = false;
  let rest: Buffer | undefined;

  return {
    get rest() {
      return rest;
    },
    push(chunk) {
      let from = 0;
      let to = 0;
      while (from < chunk.length) {
        if (left > 0) {
          const length = Math.min(left, chunk.length - from);
          if (isData) {
            if (to !== from) chunk.copyWithin(to, from, from + length);
            to += length;
          }
          from += length;
          left -= length;
          continue;
        }
        const type = held === 0 ? (chunk[from] as number) : (header[0] as number);
        if (type !== data && !passing.has(type)) {
          rest = Buffer.from(chunk.subarray(from));
          break;
        }
        if (held === 0 && chunk.length - from >= headerBytes) {
          left = chunk.readUInt32BE(from + 1) - 4;
          from += headerBytes;
        } else {
          const length = Math.min(headerBytes - held, chunk.length - from);
          chunk.copy(header, held, from, from + length);
          held += length;
          from += length;
          if (held < headerBytes) break;
          left = header.readUInt32BE(1) - 4;
          held = 0;
        }
        isData = type === data;
      }
      return chunk.subarray(0, to);
    },
  };
}

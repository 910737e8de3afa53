import { retryable } from '../../../errors.ts';

/** Writes a number in front of each record, so that rows keep their order and place when BigQuery has them. */
export interface RecordNumberer {
  /** The records that are whole now, numbered; undefined when none is. */
  push(chunk: Uint8Array): Buffer | undefined;
  /** What is left when the last record has no line end. */
  end(): Buffer | undefined;
  readonly records: number;
}

const quote = 34;
const newline = 10;
const backslash = 92;
const comma = 44;
const letterN = 78;

/** A record that is longer is no record: BigQuery takes rows of up to 100 MB. */
const longestRecord = 100 * 1024 * 1024;

/**
 * Numbers records of the CSV that `bytes.ts` describes. A text that reads `\N` gets one more backslash, since BigQuery
 * does not say whether it takes a quoted null marker for NULL; `unescaped` in the SQL takes it away again.
 *
 * @param first number of the first record
 */
export function numberRecords(first: number): RecordNumberer {
  let records = 0;
  let isQuoted = false;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;

  const numbered = (block: Buffer, ends: readonly number[]): Buffer => {
    const starts = ends.map((_, index) => `${first + records + index},`);
    const head = starts.reduce((sum, text) => sum + text.length, 0);
    const made = Buffer.allocUnsafe(block.length + head);
    let at = 0;
    let from = 0;
    for (const [index, end] of ends.entries()) {
      at += made.write(starts[index] ?? '', at, 'latin1');
      at += block.copy(made, at, from, end);
      from = end;
    }
    records += ends.length;
    return escapeNulls(made);
  };

  return {
    get records() {
      return records;
    },
    push(bytes) {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const ends: number[] = [];
      for (let at = 0; at < chunk.length; at += 1) {
        const byte = chunk[at];
        if (byte === quote) isQuoted = !isQuoted;
        else if (byte === newline && !isQuoted) ends.push(at + 1);
      }
      const last = ends.at(-1);
      const rest = chunk.subarray(last ?? 0);
      const whole = last === undefined ? [] : [...waiting, chunk.subarray(0, last)];
      const before = waitingBytes;
      // A copy, as the chunk's memory may be used again.
      waiting = last === undefined ? [...waiting, Buffer.from(rest)] : [Buffer.from(rest)];
      waitingBytes = last === undefined ? before + rest.length : rest.length;
      if (waitingBytes > longestRecord) throw tooLong(records);
      if (last === undefined) return undefined;
      return numbered(
        Buffer.concat(whole),
        ends.map((end) => end + before),
      );
    },
    end() {
      if (isQuoted)
        throw retryable('vendor', {
          what: 'a stream of rows broke off inside a quoted cell',
          got: `after ${records} rows`,
          todo: 'nothing of it was loaded; run it again',
        });
      const block = Buffer.concat([...waiting, Buffer.from('\n')]);
      waiting = [];
      waitingBytes = 0;
      return block.length === 1 ? undefined : numbered(block, [block.length]);
    },
  };
}

function tooLong(records: number) {
  return retryable('vendor', {
    what: 'a stream of rows has no line end for 100 MB',
    got: `after ${records} rows`,
    allowed: 'rows of up to 100 MB (BigQuery)',
    todo: 'nothing of it was loaded; look at the source',
  });
}

/** Both searches find next to nothing in usual data, and that at the speed of memory. */
function escapeNulls(block: Buffer): Buffer {
  const places = new Set<number>();
  for (const wanted of ['"\\N"', '\\\\N']) {
    for (let at = block.indexOf(wanted, 0, 'latin1'); at >= 0; at = block.indexOf(wanted, at + 1, 'latin1')) {
      const place = cellOfBackslashes(block, wanted === '"\\N"' ? at + 1 : at);
      if (place !== undefined) places.add(place);
    }
  }
  if (places.size === 0) return block;
  const parts: Buffer[] = [];
  let from = 0;
  for (const place of [...places].sort((a, b) => a - b)) {
    parts.push(block.subarray(from, place), Buffer.from('\\'));
    from = place;
  }
  return Buffer.concat([...parts, block.subarray(from)]);
}

/** Where the backslashes begin, if they and an `N` are the whole cell. Inside quotes a quote never stands alone. */
function cellOfBackslashes(block: Buffer, inside: number): number | undefined {
  let start = inside;
  while (block[start - 1] === backslash) start -= 1;
  let end = inside;
  while (block[end] === backslash) end += 1;
  if (block[end] !== letterN) return undefined;
  const isQuoted = block[start - 1] === quote;
  const before = block[start - (isQuoted ? 2 : 1)];
  const after = block[end + (isQuoted ? 2 : 1)];
  if (isQuoted && block[end + 1] !== quote) return undefined;
  return before === comma && (after === comma || after === newline) ? start : undefined;
}

import { fatal } from '../core/errors.ts';
import type { Lsn } from './position.ts';

/**
 * Messages of the plugin pgoutput, protocol versions 1 to 4 without streaming of unfinished transactions.
 * https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 */
export type Message =
  | { readonly kind: 'begin'; readonly commitLsn: Lsn; readonly at: Date }
  | { readonly kind: 'commit'; readonly commitLsn: Lsn; readonly endLsn: Lsn; readonly at: Date }
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'insert'; readonly oid: number; readonly tuple: Tuple }
  | {
      readonly kind: 'update';
      readonly oid: number;
      readonly old: OldTuple | undefined;
      readonly tuple: Tuple;
    }
  | { readonly kind: 'delete'; readonly oid: number; readonly old: OldTuple }
  | { readonly kind: 'truncate'; readonly oids: readonly number[]; readonly isCascade: boolean }
  | {
      readonly kind: 'message';
      readonly isTransactional: boolean;
      readonly lsn: Lsn;
      readonly prefix: string;
    }
  | { readonly kind: 'origin' | 'type' };

/** A table as it was when the next changes were made; sent again after each change of its columns. */
export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** d: primary key, n: nothing, f: the whole row, i: an index. */
  readonly identity: string;
  readonly columns: readonly RelationColumn[];
}

export interface RelationColumn {
  readonly name: string;
  /** Part of the replica identity, which need not be the primary key. */
  readonly isIdentity: boolean;
  /** OID of the type. */
  readonly type: number;
  readonly modifier: number;
}

/** A large value that an update left alone: it is not sent. */
export const unchanged: unique symbol = Symbol('unchanged TOAST');

/** Values in the text form of their types, in the order of the relation's columns. */
export type Tuple = readonly (string | null | typeof unchanged)[];

/** What a row was before. `key`: only columns of the identity hold values, all others are null without meaning it. */
export interface OldTuple {
  readonly isWhole: boolean;
  readonly tuple: Tuple;
}

/** Microseconds from 1970 to 2000, where PostgreSQL's time begins. */
const epochMicros = 946_684_800_000_000n;

export function toDate(micros: bigint): Date {
  return new Date(Number((micros + epochMicros) / 1000n));
}

/** Decodes one message. Keeps nothing of the buffer, which may be used again. */
export function decode(bytes: Buffer): Message {
  const reader = createReader(bytes);
  const tag = reader.char();
  switch (tag) {
    case 'B':
      return { kind: 'begin', commitLsn: reader.int64(), at: toDate(reader.int64()) };
    case 'C':
      reader.int8();
      return {
        kind: 'commit',
        commitLsn: reader.int64(),
        endLsn: reader.int64(),
        at: toDate(reader.int64()),
      };
    case 'R':
      return { kind: 'relation', relation: readRelation(reader) };
    case 'I':
      return { kind: 'insert', oid: reader.int32(), tuple: readNew(reader) };
    case 'U':
      return { kind: 'update', oid: reader.int32(), old: readOld(reader), tuple: readNew(reader) };
    case 'D':
      return readDelete(reader);
    case 'T':
      return readTruncate(reader);
    case 'M':
      return {
        kind: 'message',
        isTransactional: reader.int8() === 1,
        lsn: reader.int64(),
        prefix: reader.text(),
      };
    case 'O':
      return { kind: 'origin' };
    case 'Y':
      return { kind: 'type' };
    default:
      throw fatal('internal', {
        what: 'the log holds a message that was not asked for',
        got: tag,
        allowed: 'B, C, O, R, Y, I, U, D, T, M',
      });
  }
}

type Reader = ReturnType<typeof createReader>;

function createReader(bytes: Buffer) {
  let at = 0;
  let characters: string | undefined;
  const move = (length: number) => {
    at += length;
    return at - length;
  };
  return {
    char: () => String.fromCharCode(bytes.readUInt8(move(1))),
    peek: () => String.fromCharCode(bytes.readUInt8(at)),
    int8: () => bytes.readUInt8(move(1)),
    int16: () => bytes.readUInt16BE(move(2)),
    int32: () => bytes.readUInt32BE(move(4)),
    signed32: () => bytes.readInt32BE(move(4)),
    int64: () => bytes.readBigInt64BE(move(8)),
    /** Ends with a zero byte. */
    text() {
      const end = bytes.indexOf(0, at);
      return bytes.toString('utf8', move(end + 1 - at), end);
    },
    /** A text of so many bytes. One call for all values of a message costs half of what one for each costs. */
    sized(length: number) {
      const start = move(length);
      if (bytes.length > largeMessage) return bytes.toString('utf8', start, at);
      characters ??= bytes.toString('latin1');
      const text = characters.slice(start, at);
      return beyondAscii.test(text) ? bytes.toString('utf8', start, at) : text;
    },
  };
}

/** Beyond it values are read one by one: each would hold on to the text of the whole message. */
const largeMessage = 2 ** 16;

// biome-ignore lint/suspicious/noControlCharactersInRegex: all that is ASCII
const beyondAscii = /[^\x00-\x7f]/;

function readRelation(reader: Reader): Relation {
  const oid = reader.int32();
  // PostgreSQL writes its own catalog's schema as an empty text.
  const schema = reader.text() || 'pg_catalog';
  const name = reader.text();
  const identity = reader.char();
  const columns = Array.from({ length: reader.int16() }, () => ({
    isIdentity: (reader.int8() & 1) === 1,
    name: reader.text(),
    type: reader.int32(),
    modifier: reader.signed32(),
  }));
  return { oid, schema, name, identity, columns };
}

function readTuple(reader: Reader): Tuple {
  const count = reader.int16();
  const tuple = new Array<Tuple[number]>(count);
  for (let index = 0; index < count; index += 1) {
    const kind = reader.char();
    if (kind === 't') tuple[index] = reader.sized(reader.int32());
    else if (kind === 'n') tuple[index] = null;
    else if (kind === 'u') tuple[index] = unchanged;
    else throw fatal('internal', { what: 'a value of the log is not text', got: kind, allowed: 't, n, u' });
  }
  return tuple;
}

function readNew(reader: Reader): Tuple {
  const tag = reader.char();
  if (tag !== 'N') throw fatal('internal', { what: 'a change lacks its new row', got: tag, allowed: 'N' });
  return readTuple(reader);
}

function readOld(reader: Reader): OldTuple | undefined {
  const tag = reader.peek();
  if (tag !== 'K' && tag !== 'O') return undefined;
  reader.char();
  return { isWhole: tag === 'O', tuple: readTuple(reader) };
}

function readDelete(reader: Reader): Message {
  const oid = reader.int32();
  const old = readOld(reader);
  if (old === undefined) throw fatal('internal', { what: 'a delete lacks its old row' });
  return { kind: 'delete', oid, old };
}

function readTruncate(reader: Reader): Message {
  const count = reader.int32();
  const isCascade = (reader.int8() & 1) === 1;
  return { kind: 'truncate', isCascade, oids: Array.from({ length: count }, () => reader.int32()) };
}

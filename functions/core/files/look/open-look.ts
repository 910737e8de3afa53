import { NotPlain } from '../not-plain.ts';
import { instantiate } from './instantiate.ts';
import { wasm } from './wasm.ts';

/** What `assembly/` exports. Numbers are places in `memory` and counts of bytes. */
interface Look {
  /** Another buffer after it has grown. */
  readonly memory: { readonly buffer: ArrayBuffer };
  room(bytes: number): number;
  hold(bytes: number): void;
  readonly held: { readonly value: number };
  keepYears(first: number, last: number): void;
  beginCsv(columns: number, delimiter: number, quote: number, hasHeader: boolean, isTaken: boolean): number;
  /** 0 for what is not plain. */
  lookAtCsv(bytes: number): number;
  beginTsv(cells: number): number;
  /** 0 for what is not plain. */
  lookAtTsv(bytes: number, whole: number): number;
  beginLines(fields: number, nameBytes: number, isTaken: boolean): number;
  wasSeen(field: number): number;
  /** 0 for what is not plain. */
  lookAtLines(bytes: number, whole: number): number;
}

/** Who gets what was found good, given its place in memory. */
interface Takers {
  takeCells?(cells: number): void;
  takeRecord?(values: number): void;
}

export interface OpenLook {
  readonly wasm: Look;
  /** All of the memory, as it is now. */
  bytes(): Uint8Array;
  /** The same as whole numbers. */
  words(): Uint32Array;
  /** Puts bytes behind those that are held. */
  put(chunk: Uint8Array): void;
  /**
   * Puts bytes there and looks at the lines that end in them.
   *
   * @param lookAt gets the bytes, and how many of them there are up to the last line's end
   * @throws NotPlain when it says 0
   */
  putLines(chunk: Uint8Array, lookAt: (bytes: number, whole: number) => number): void;
}

const newline = 0x0a;
/** A longer record is left to the checked reader, which says what is wrong with it. */
const longest = 16 * 2 ** 20;

/** An instance of its own for each file. */
export function openLook({ takeCells, takeRecord }: Takers): OpenLook {
  const look = instantiate(wasm, {
    take: { takeCells: takeCells ?? nobody, takeRecord: takeRecord ?? nobody },
  }) as Look;
  let bytes = new Uint8Array(look.memory.buffer);
  let words = new Uint32Array(look.memory.buffer);
  const grown = () => {
    if (bytes.buffer === look.memory.buffer) return;
    bytes = new Uint8Array(look.memory.buffer);
    words = new Uint32Array(look.memory.buffer);
  };
  const put = (chunk: Uint8Array) => {
    if (look.held.value > longest) throw new NotPlain();
    const place = look.room(chunk.length);
    grown();
    bytes.set(chunk, place);
  };
  return {
    wasm: look,
    bytes() {
      grown();
      return bytes;
    },
    words() {
      grown();
      return words;
    },
    put,
    putLines(chunk, lookAt) {
      put(chunk);
      const whole = chunk.lastIndexOf(newline) + 1;
      if (whole === 0) look.hold(chunk.length);
      else if (lookAt(chunk.length, whole) === 0) throw new NotPlain();
    },
  };
}

function nobody(): void {}

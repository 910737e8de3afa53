import { Buffer } from 'node:buffer';
import { inflateRawSync } from 'node:zlib';
import { NotPlain } from '../not-plain.ts';
import { wasm } from './wasm.ts';

/** As much of the standard's interface as is used: it is in TypeScript's types of browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

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
}

/** A longer record is left to the checked reader, which says what is wrong with it. */
const longest = 16 * 2 ** 20;

let compiled: object | undefined;

/** An instance of its own for each file. */
export function openLook({ takeCells, takeRecord }: Takers): OpenLook {
  compiled ??= new WebAssembly.Module(inflateRawSync(Buffer.from(wasm, 'base64')));
  const { exports } = new WebAssembly.Instance(compiled, {
    take: { takeCells: takeCells ?? nobody, takeRecord: takeRecord ?? nobody },
  });
  const look = exports as Look;
  let bytes = new Uint8Array(look.memory.buffer);
  let words = new Uint32Array(look.memory.buffer);
  const grown = () => {
    if (bytes.buffer === look.memory.buffer) return;
    bytes = new Uint8Array(look.memory.buffer);
    words = new Uint32Array(look.memory.buffer);
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
    put(chunk) {
      if (look.held.value > longest) throw new NotPlain();
      const place = look.room(chunk.length);
      grown();
      bytes.set(chunk, place);
    },
  };
}

function nobody(): void {}

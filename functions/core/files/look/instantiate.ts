import { Buffer } from 'node:buffer';
import { inflateRawSync } from 'node:zlib';

/** As much of the standard's interface as is used: it is in TypeScript's types of browsers only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

const compiled = new Map<string, object>();

/**
 * A new instance of a module, which is compiled once in a process.
 *
 * @param wasm as a `wasm.ts` has it
 * @returns what it exports
 */
export function instantiate(wasm: string, imports: object): unknown {
  let module = compiled.get(wasm);
  if (module === undefined) {
    module = new WebAssembly.Module(inflateRawSync(Buffer.from(wasm, 'base64')));
    compiled.set(wasm, module);
  }
  return new WebAssembly.Instance(module, imports).exports;
}

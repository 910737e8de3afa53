import { Buffer, isUtf8 } from 'node:buffer';
import { NotPlain } from '../not-plain.ts';

/** Holds chunks to UTF-8, whose characters may be cut in two. Both functions throw `NotPlain`. */
export function createUtf8Look(): { at(chunk: Uint8Array): void; end(): void } {
  let character = Buffer.alloc(0);
  return {
    at(chunk) {
      const whole = character.length === 0 ? chunk : Buffer.concat([character, chunk]);
      const cut = whole.length - openBytes(whole);
      if (!isUtf8(whole.subarray(0, cut))) throw new NotPlain();
      character = Buffer.from(whole.subarray(cut));
    },
    end() {
      if (character.length > 0) throw new NotPlain();
    },
  };
}

/** How many bytes at the end begin a character whose end is missing. */
function openBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}

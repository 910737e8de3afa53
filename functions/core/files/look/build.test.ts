import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { compiledFolders, compileLook } from './build.ts';

it.each(compiledFolders)('the compiled look of %s is the one that the sources give', async (of) => {
  const { wasm } = (await import(join(of, 'wasm.ts'))) as { wasm: string };
  // How well it is packed may differ between machines.
  expect(inflateRawSync(Buffer.from(wasm, 'base64')).equals(await compileLook(of))).toBe(true);
});

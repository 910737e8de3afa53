import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compiledFolders, compileLook } from './build.ts';

it.each(compiledFolders)('the compiled look of %s is the one that the sources give', async (of) => {
  expect(await compileLook(of)).toBe(await readFile(join(of, 'wasm.ts'), 'utf8'));
});

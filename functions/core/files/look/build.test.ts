import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { compileLook } from './build.ts';

it('the compiled look is the one that the sources give', async () => {
  expect(await compileLook()).toBe(await readFile(join(import.meta.dirname, 'wasm.ts'), 'utf8'));
});

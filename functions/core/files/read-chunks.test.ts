import { Buffer } from 'node:buffer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readChunks } from './read-chunks.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-chunks-'));
});
afterAll(() => rm(folder, { recursive: true }));

it.each([0, 1, 2 ** 18, 2 ** 18 + 1, 5 * 2 ** 18 - 7])(
  '%i bytes come as they are, in order',
  async (size) => {
    const bytes = Buffer.from(Array.from({ length: size }, (_, at) => (at * 31 + (at >> 16)) & 255));
    const path = join(folder, `${size}.bin`);
    await writeFile(path, bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of readChunks(path)) chunks.push(Buffer.from(chunk));
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    expect(chunks.length).toBe(Math.ceil(size / 2 ** 18));
  },
);

it('a chunk keeps its bytes while the next one is read', async () => {
  const path = join(folder, 'kept.bin');
  await writeFile(path, Buffer.concat(['a', 'b', 'c'].map((letter) => Buffer.alloc(2 ** 18, letter))));
  const letters: string[] = [];
  for await (const chunk of readChunks(path)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    letters.push(String.fromCharCode(chunk[0] ?? 0, chunk[chunk.length - 1] ?? 0));
  }
  expect(letters).toEqual(['aa', 'bb', 'cc']);
});

it('a file that is not there is the error of the system', async () => {
  await expect(readChunks(join(folder, 'none')).next()).rejects.toThrow(/ENOENT/);
});

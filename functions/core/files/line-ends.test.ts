import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasShortLines } from './line-ends.ts';

let path: string;

beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'catchment-lines-')), 'lines');
});

afterAll(() => rm(join(path, '..'), { recursive: true }));

const longest = 1_000_000;

it.each([
  ['many short lines', 'a,b\n'.repeat(1_000_000)],
  ['nothing', ''],
  ['one short line without an end', 'x'.repeat(1000)],
  ['short lines and a last one without an end', `${'a,b\n'.repeat(500_000)}${'x'.repeat(60_000)}`],
])('proves that no line is long of %s', async (_, content) => {
  await writeFile(path, content);
  expect(await hasShortLines(path, longest)).toBe(true);
});

it('never calls a file with a line that is too long short, wherever the line is', async () => {
  const short = 'a,b\n'.repeat(100);
  for (let shift = 0; shift < 40; shift += 1) {
    const before = short.repeat(shift * 43);
    for (const after of ['', '\n', `\n${short.repeat(3000)}`]) {
      await writeFile(path, `${before}${'x'.repeat(longest + 1)}${after}`);
      expect(await hasShortLines(path, longest), `${before.length} ${after.length}`).toBe(false);
    }
  }
});

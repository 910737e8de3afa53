import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createScratch, removeDeadScratch } from './scratch.ts';

const parent = mkdtempSync(join(tmpdir(), 'catchment-test-'));
afterAll(() => rmSync(parent, { recursive: true }));

it('makes a folder when it is asked for, named by its process, and deletes it with all in it', async () => {
  const scratch = createScratch(parent);
  expect(readdirSync(parent)).toEqual([]);
  const folder = await scratch.folder();
  expect(basename(folder)).toContain(`-${process.pid}-`);
  expect(await scratch.folder()).toBe(folder);
  writeFileSync(join(folder, 'page'), 'x');
  await scratch.remove();
  expect(existsSync(folder)).toBe(false);
});

it('deletes what a killed process left, and nothing of those that live or of others', async () => {
  const script = `const { createScratch } = await import(${JSON.stringify(join(import.meta.dirname, 'scratch.ts'))});
    console.log(await createScratch(${JSON.stringify(parent)}).folder());
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const left = line.trim();
  const mine = await createScratch(parent).folder();
  const stranger = join(parent, 'catchment-scratch-elsewhere-1-abc');
  mkdirSync(stranger);

  await removeDeadScratch(parent);
  expect(existsSync(left)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await removeDeadScratch(parent);
  expect([left, mine, stranger].map((path) => existsSync(path))).toEqual([false, true, true]);
});

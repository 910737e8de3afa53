import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { createSource } from './create-source.ts';

const kit = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function makeRoot(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'catchment-new-')));
  folders.push(root);
  return root;
}

it('writes the folder and the schemas of a source, under its own name', () => {
  const root = makeRoot();
  const files = createSource(root, 'web-shop');
  expect(files).toEqual([
    'functions/web-shop/README.md',
    'functions/web-shop/extract.test.ts',
    'functions/web-shop/extract.ts',
    'functions/web-shop/sandbox.ts',
    'schemas/web-shop/items.json',
    'functions/web-shop/source.ts',
  ]);
  const text = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  expect(text).toContain("title: 'Web shop'");
  expect(text).toContain("from '../core/source.ts'");
  expect(text).not.toMatch(/my-source|My source|\.\.\/\.\./);
});

it.each(['functions', 'schemas'])('writes nothing when %s has the name already', (folder) => {
  const root = makeRoot();
  mkdirSync(join(root, folder, 'shop'), { recursive: true });
  expect(() => createSource(root, 'shop')).toThrow(
    `${folder}/shop exists already; choose another name, or remove the folder`,
  );
  expect(readdirSync(root)).toEqual([folder]);
  expect(readdirSync(join(root, folder, 'shop'))).toEqual([]);
});

it.each(['ga', 'a-source-with-quite-a-long-name'.slice(0, 30)])(
  'makes a source that type-checks, passes lint, its own tests and the conformance suite: %s',
  async (name) => {
    const root = makeRoot();
    for (const file of ['.gitignore', 'biome.json', 'package.json', 'vitest.config.ts'])
      cpSync(join(kit, file), join(root, file));
    cpSync(join(kit, 'tests/conformance'), join(root, 'tests/conformance'), { recursive: true });
    mkdirSync(join(root, 'functions'));
    for (const path of ['node_modules', 'functions/core', 'infra', 'tests/setup'])
      symlinkSync(join(kit, path), join(root, path));
    createSource(root, name);
    const { compilerOptions } = JSON.parse(readFileSync(join(kit, 'tsconfig.json'), 'utf8'));
    writeFileSync(
      join(root, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, include: [`functions/${name}`] }),
    );
    const tool = (...args: string[]) =>
      run(process.execPath, [join(kit, 'node_modules/.bin', args[0] ?? ''), ...args.slice(1)], { cwd: root });

    await tool('tsc', '--noEmit');
    await tool('biome', 'check', '--error-on-warnings', `functions/${name}`, `schemas/${name}`);
    const { stdout } = await tool('vitest', 'run', `functions/${name}`, 'tests/conformance');
    expect(stdout).toMatch(/\d+ passed, 0 failed, 0 skipped/);
  },
  60_000,
);

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

it('makes a source that type-checks, passes lint, its own tests and the conformance suite', async () => {
  const root = makeWorkspace();
  const name = 'a-source-with-a-long-name';
  createSource(root, name);
  await tool(root, 'tsc', '--noEmit');
  await lint(root, name);
  // As `catchment new` tells people to.
  const { stdout } = await tool(root, 'vitest', 'run', `functions/${name}`, 'tests/conformance', '-t', name);
  expect(stdout).toMatch(/\d+ passed, 0 failed, 0 skipped/);
}, 120_000);

it('makes a source with a short name that passes lint as well', async () => {
  const root = makeWorkspace();
  createSource(root, 'x');
  const { stderr } = await lint(root, 'x');
  expect(stderr).toBe('');
});

/** A project with the kit's runtime and suites, and no source. */
function makeWorkspace(): string {
  const root = makeRoot();
  for (const file of ['.gitignore', 'biome.json', 'package.json', 'vitest.config.ts'])
    cpSync(join(kit, file), join(root, file));
  cpSync(join(kit, 'tests/conformance'), join(root, 'tests/conformance'), { recursive: true });
  mkdirSync(join(root, 'functions'));
  for (const path of ['node_modules', 'functions/core', 'infra', 'tests/setup'])
    symlinkSync(join(kit, path), join(root, path));
  const { compilerOptions } = JSON.parse(readFileSync(join(kit, 'tsconfig.json'), 'utf8'));
  const tsconfig = { compilerOptions, include: ['functions/*/*.ts'], exclude: ['functions/core'] };
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify(tsconfig));
  return root;
}

function lint(root: string, name: string) {
  return tool(root, 'biome', 'check', '--error-on-warnings', `functions/${name}`, `schemas/${name}`);
}

function tool(cwd: string, name: string, ...args: readonly string[]) {
  return run(process.execPath, [join(kit, 'node_modules/.bin', name), ...args], { cwd });
}

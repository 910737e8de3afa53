import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listSources, loadSource } from './sources.ts';

function projectWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'catchment-sources-'));
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), content);
  }
  return root;
}

test('a source is a folder with a declaration; the runtime is none', () => {
  const root = projectWith({
    'functions/b/source.ts': '',
    'functions/a/source.ts': '',
    'functions/half/extract.ts': '',
    'functions/core/source.ts': '',
    'functions/notes.md': '',
  });
  expect(listSources(root)).toEqual(['a', 'b']);
  expect(listSources(join(root, 'nowhere'))).toEqual([]);
});

test('a declaration is loaded by the name of its folder', async () => {
  const root = projectWith({ 'functions/a/source.ts': "export const source = { title: 'A' };" });
  expect(await loadSource(root, 'a')).toEqual({ title: 'A' });
});

test('a folder whose source.ts declares nothing is refused', async () => {
  const root = projectWith({ 'functions/a/source.ts': 'export const sauce = 1;' });
  await expect(loadSource(root, 'a')).rejects.toThrow(
    '[functions/a/source.ts] exports no declaration; write `export const source = defineSource({ ... })`',
  );
});

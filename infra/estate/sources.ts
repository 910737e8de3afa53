import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fatal } from '../../functions/core/errors.ts';
import type { AnySource } from '../../functions/core/source.ts';

export type LoadSource = (name: string) => Promise<AnySource>;

/** `functions/core/source.ts` is what sources are declared with. */
const notSources = ['core'];

/** Names of the folders in `functions/` that hold a declaration, sorted. */
export function listSources(root: string): string[] {
  const folder = join(root, 'functions');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !notSources.includes(entry.name))
    .map(({ name }) => name)
    .filter((name) => existsSync(join(folder, name, 'source.ts')))
    .sort();
}

/**
 * The declaration of one source. Loads `functions/<name>/source.ts` only, never its extractor.
 *
 * @throws fatal `bad-input` when the file exports no `source`
 */
export async function loadSource(root: string, name: string): Promise<AnySource> {
  const file = join(root, 'functions', name, 'source.ts');
  const module: { readonly source?: AnySource } = await import(pathToFileURL(file).href);
  if (module.source === undefined)
    throw fatal('bad-input', {
      where: `functions/${name}/source.ts`,
      what: 'exports no declaration',
      todo: 'write `export const source = defineSource({ ... })`',
    });
  return module.source;
}

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fatal } from '../../functions/core/errors.ts';
import { checkSourceName } from './check-name.ts';

const template = fileURLToPath(new URL('../template', import.meta.url));

/** The template is a source that works where it stands; these are its own names. */
const ownName = 'my-source';
const ownTitle = 'My source';
const ownCore = '../../functions/core/';

/**
 * Writes the folder and the schemas of a new source.
 *
 * @returns the files, relative to `root`
 * @throws fatal `bad-input` for a wrong name, or when anything of that name is there; then nothing is written
 */
export function createSource(root: string, name: string): readonly string[] {
  checkSourceName(name);
  for (const folder of [`functions/${name}`, `schemas/${name}`]) {
    if (existsSync(join(root, folder)))
      throw fatal('bad-input', {
        what: `${folder} exists already`,
        todo: 'choose another name, or remove the folder',
      });
  }
  const files = readdirSync(template, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(template.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
  return files.map((file) => {
    const target = file.startsWith('schemas/')
      ? file.replace('schemas/', `schemas/${name}/`)
      : `functions/${name}/${file}`;
    mkdirSync(dirname(join(root, target)), { recursive: true });
    writeFileSync(join(root, target), renamed(readFileSync(join(template, file), 'utf8'), name), {
      flag: 'wx',
    });
    return target;
  });
}

function renamed(text: string, name: string): string {
  const title = name.charAt(0).toUpperCase() + name.slice(1).replaceAll('-', ' ');
  return text.replaceAll(ownCore, '../core/').replaceAll(ownName, name).replaceAll(ownTitle, title);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fatal } from '../errors.ts';
import type { Group } from '../pipeline.ts';
import { parseSecret } from '../secrets.ts';
import type { AnySource } from '../source.ts';

/**
 * Reads the secret of one group from its mount, anew for each run, so that a rotated secret is seen.
 *
 * @param dir folder with one file `<name>` or `<name>/value` per secret
 * @throws fatal `auth` when it is not there; fatal `bad-input` when it has not the source's shape
 */
export async function readSecretFile(
  dir: string,
  group: Group,
  source: AnySource,
  where: string,
): Promise<unknown> {
  if (group.secret === undefined) return {};
  const path = join(dir, group.secret);
  const text = (await readOrNothing(path)) ?? (await readOrNothing(join(path, 'value')));
  if (text === undefined)
    throw fatal('auth', {
      where,
      what: `the secret "${group.secret}" is not mounted`,
      allowed: `a file ${path} or ${join(path, 'value')}`,
      todo: 'store a version of the secret and let the handler read it',
    });
  return parseSecret(text, source.secret, `${where}: secret ${group.secret}`);
}

async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

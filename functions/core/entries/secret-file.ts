import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fatal } from '../errors.ts';
import type { Group, WarehouseConfig } from '../pipeline.ts';
import { parseSecret } from '../secrets.ts';
import type { AnySource } from '../source.ts';

/** What every warehouse with a password needs; each kind checks what else it knows. */
const login = z.looseObject({ user: z.string(), password: z.string() });

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
  const text = await readMounted(dir, group.secret, where);
  return parseSecret(text, source.secret, `${where}: secret ${group.secret}`);
}

/**
 * Reads the secret of a warehouse from its mount.
 *
 * @returns undefined for warehouses without one
 * @throws fatal `auth` when it is not there; fatal `bad-input` when it holds no user and password
 */
export async function readWarehouseSecret(dir: string, warehouse: WarehouseConfig): Promise<unknown> {
  const name = 'secret' in warehouse ? warehouse.secret : undefined;
  if (name === undefined) return undefined;
  const where = `warehouse ${warehouse.name}`;
  return parseSecret(await readMounted(dir, name, where), login, `${where}: secret ${name}`);
}

async function readMounted(dir: string, secret: string, where: string): Promise<string> {
  const path = join(dir, secret);
  const text = (await readOrNothing(path)) ?? (await readOrNothing(join(path, 'value')));
  if (text !== undefined) return text;
  throw fatal('auth', {
    where,
    what: `the secret "${secret}" is not mounted`,
    allowed: `a file ${path} or ${join(path, 'value')}`,
    todo: 'store a version of the secret and let the handler read it',
  });
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

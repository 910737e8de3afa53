import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fatal } from '../functions/core/errors.ts';
import type { Group, Pipeline } from '../functions/core/pipeline.ts';

/**
 * The secret of a group that does not talk to a sandbox: the JSON object in `.catchment/secrets/<name>.json`.
 *
 * @returns undefined for groups without a secret
 * @throws fatal `auth` when the file is missing or holds no JSON object; its content is never quoted
 */
export function readSecretFile(root: string, { name }: Pipeline, group: Group): unknown {
  if (group.secret === undefined) return undefined;
  const file = `.catchment/secrets/${group.secret}.json`;
  const refuse = (what: string, todo: string) =>
    fatal('auth', { where: `${name}/${group.name}`, what: `secret "${group.secret}" ${what}`, todo });
  let text: string;
  try {
    text = readFileSync(join(root, file), 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT') throw refuse(`cannot be read (${code})`, `make ${file} readable for you`);
    throw refuse(
      `is missing: there is no ${file}`,
      'write the JSON object of the secret to that file, or set "sandbox: true" on the group',
    );
  }
  let secret: unknown;
  try {
    secret = JSON.parse(text);
  } catch {
    throw refuse(`is not JSON: ${file}`, 'write one JSON object');
  }
  if (typeof secret !== 'object' || secret === null || Array.isArray(secret))
    throw refuse(`is not a JSON object: ${file}`, 'write one JSON object');
  return secret;
}

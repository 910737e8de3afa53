import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fatal } from '../functions/core/errors.ts';
import type { Group, Pipeline, WarehouseConfig } from '../functions/core/pipeline.ts';

/** Where a secret is looked for on this machine. Git ignores `.catchment/`. */
interface Place {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The secret of a group that does not talk to a sandbox: the JSON object in `.catchment/secrets/<name>.json`, or in the
 * variable `CATCHMENT_SECRET_<NAME>`, which wins.
 *
 * @returns undefined for groups without a secret
 * @throws fatal `auth` when it is missing or no JSON object; its content is never quoted
 */
export function readSecretFile(
  root: string,
  { name }: Pipeline,
  group: Group,
  env: NodeJS.ProcessEnv = process.env,
): unknown {
  if (group.secret === undefined) return undefined;
  const otherwise = ', or set "sandbox: true" on the group';
  return readSecret(group.secret, { root, env }, `${name}/${group.name}`, otherwise);
}

/**
 * The secret of a warehouse, from the same places.
 *
 * @returns undefined for warehouses without one
 * @throws fatal `auth` when it is missing or no JSON object; its content is never quoted
 */
export function readWarehouseSecret(
  root: string,
  warehouse: WarehouseConfig,
  env: NodeJS.ProcessEnv = process.env,
): unknown {
  const name = 'secret' in warehouse ? warehouse.secret : undefined;
  return name === undefined ? undefined : readSecret(name, { root, env }, `warehouse ${warehouse.name}`, '');
}

/** `CATCHMENT_SECRET_CLICKHOUSE_ESIM` for `clickhouse-esim`. */
export function secretVariable(secret: string): string {
  return `CATCHMENT_SECRET_${secret.toUpperCase().replaceAll('-', '_')}`;
}

function readSecret(secret: string, { root, env }: Place, where: string, otherwise: string): unknown {
  const file = `.catchment/secrets/${secret}.json`;
  const variable = secretVariable(secret);
  const refuse = (what: string, todo: string) =>
    fatal('auth', { where, what: `secret "${secret}" ${what}`, todo });
  const given = env[variable];
  const isGiven = given !== undefined && given !== '';
  const place = isGiven ? variable : file;
  let text: string;
  try {
    text = isGiven ? given : readFileSync(join(root, file), 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT') throw refuse(`cannot be read (${code})`, `make ${file} readable for you`);
    throw refuse(
      `is missing: there is no ${file}`,
      `write the JSON object of the secret to that file or to the variable ${variable}${otherwise}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse(`is not JSON: ${place}`, 'write one JSON object');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse(`is not a JSON object: ${place}`, 'write one JSON object');
  return value;
}

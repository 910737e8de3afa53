import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { fatal } from '../../functions/core/errors.ts';

/** A stack's configuration the way the Pulumi CLI hands it to a program. */
export interface StackConfig {
  readonly project: string;
  readonly stack: string;
  /** Keys with their namespace; values that are not strings are JSON. */
  readonly config: Readonly<Record<string, string>>;
  /** Keys whose value is encrypted in the stack file. */
  readonly secretKeys: readonly string[];
  /** The stack file, relative to the project. */
  readonly file: string;
}

/**
 * Reads `Pulumi.yaml` and the stack file without the Pulumi CLI. Encrypted values cannot be read without the stack's
 * key; the program gets the word `[secret]` for them.
 *
 * @throws a fatal `bad-input` error when the stack is unknown or a file is not YAML
 */
export function readStackConfig(root: string, stack: string): StackConfig {
  const projectFile = readYaml(root, 'Pulumi.yaml');
  const project = String(projectFile.name ?? '');
  const folder = typeof projectFile.stackConfigDir === 'string' ? projectFile.stackConfigDir : '.';
  const file = join(folder, `Pulumi.${stack}.yaml`);
  if (!existsSync(join(root, file)))
    throw fatal('bad-input', {
      where: 'plan',
      what: 'there is no such stack',
      got: stack,
      allowed: stackNames(join(root, folder)),
      todo: `or write ${file}`,
    });

  const config: Record<string, string> = {};
  const secretKeys: string[] = [];
  for (const [key, value] of Object.entries(defaults(projectFile)))
    config[withNamespace(project, key)] = value;
  for (const [key, value] of Object.entries(section(readYaml(root, file).config))) {
    const full = withNamespace(project, key);
    const isSecret = isRecord(value) && typeof value.secure === 'string';
    if (isSecret) secretKeys.push(full);
    config[full] = isSecret ? '[secret]' : asText(value);
  }
  return { project, stack, config, secretKeys, file };
}

function readYaml(root: string, file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(join(root, file), 'utf8');
  } catch (cause) {
    throw fatal('bad-input', { where: file, what: 'cannot be read', todo: 'run this in the project', cause });
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw fatal('bad-input', {
      where: file,
      what: `is not YAML (${(cause as Error).message.trim()})`,
      cause,
    });
  }
  return section(value);
}

function stackNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1])
    .filter((name) => name !== undefined)
    .sort();
}

/** `config: { key: { default: value } }` or `config: { key: value }` of Pulumi.yaml. */
function defaults(projectFile: Record<string, unknown>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, entry] of Object.entries(section(projectFile.config))) {
    const value = isRecord(entry) ? (entry.default ?? entry.value) : entry;
    if (value !== undefined) found[key] = asText(value);
  }
  return found;
}

function withNamespace(project: string, key: string): string {
  return key.includes(':') ? key : `${project}:${key}`;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function section(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Group } from '../../functions/core/pipeline.ts';
import type { AnySource } from '../../functions/core/source.ts';
import { asMapping, checkKeys, checkShape, keysOf } from './check-shape.ts';
import type { Path, Report } from './mistake.ts';
import { group as groupShape, name } from './shapes.ts';
import { checkTimeZone } from './time.ts';

export interface GroupsArgs {
  readonly value: Readonly<Record<string, unknown>>;
  readonly source: AnySource;
  /** True for the estate of one machine, where a group may talk to a sandbox. */
  readonly isTwin: boolean;
  readonly path: Path;
  readonly report: Report;
}

/** The groups of one pipeline. */
export function readGroups({ value, source, isTwin, path, report }: GroupsArgs): Group[] {
  const entries = Object.entries(value);
  if (entries.length === 0) report({ path, what: 'names no group', allowed: 'at least one' });
  const groups: Group[] = [];
  for (const [key, entry] of entries) {
    const group = readGroup(key, entry, source, isTwin, [...path, key], report);
    if (group !== undefined) groups.push(group);
  }
  checkAccounts(groups, source, path, report);
  return groups;
}

/** The accounts of a group, as text. One account named `-` when its source has no list of accounts. */
export function accountsOf(group: Group, source: AnySource): readonly string[] {
  const accounts = source.accounts === undefined ? undefined : group.settings[source.accounts];
  return Array.isArray(accounts) ? accounts.map(String) : ['-'];
}

function readGroup(
  key: string,
  entry: unknown,
  source: AnySource,
  isTwin: boolean,
  path: Path,
  report: Report,
): Group | undefined {
  checkShape(name, key, path, report);
  const fields = asMapping(entry, path, report);
  if (fields === undefined) return undefined;
  const settingKeys = keysOf(source.settings);
  checkKeys(fields, [...keysOf(groupShape), ...settingKeys], path, report);

  const own = checkShape(groupShape, pick(fields, keysOf(groupShape)), path, report);
  const isSandbox = own?.sandbox ?? false;
  const settings = readSettings(pick(fields, settingKeys), source, isSandbox, path, report);
  if (own?.timeZone !== undefined) checkTimeZone(own.timeZone, [...path, 'timeZone'], report);
  if (isSandbox && !isTwin)
    report({ path: [...path, 'sandbox'], what: 'is for stacks of one machine only', got: true });
  checkSecret(fields.secret, source, isSandbox, [...path, 'secret'], report);

  if (own === undefined || settings === undefined) return undefined;
  const secret = own.secret === undefined ? {} : { secret: own.secret };
  return { name: key, ...secret, timeZone: own.timeZone ?? 'UTC', sandbox: isSandbox, settings };
}

/**
 * A sandbox brings settings of its own, which those of the stack file replace one by one: there, a default of the
 * source is not a wish of the stack file.
 */
function readSettings(
  given: Readonly<Record<string, unknown>>,
  source: AnySource,
  isSandbox: boolean,
  path: Path,
  report: Report,
): Readonly<Record<string, unknown>> | undefined {
  if (!isSandbox) return checkShape(source.settings, given, path, report);
  const read = checkShape(z.object(source.settings.shape).partial(), given, path, report);
  return read && pick(read, Object.keys(given));
}

function checkSecret(
  secret: unknown,
  source: AnySource,
  isSandbox: boolean,
  path: Path,
  report: Report,
): void {
  const fields = keysOf(source.secret);
  if (fields.length === 0 && secret !== undefined)
    report({ path, what: `is not needed: ${source.title} has no secret`, got: secret, todo: 'leave it out' });
  if (requiredKeys(source.secret).length > 0 && secret === undefined && !isSandbox)
    report({
      path,
      what: 'is missing',
      allowed: 'the name of a secret',
      todo: `its value is a JSON object with ${requiredKeys(source.secret).join(', ')}`,
    });
}

function requiredKeys(shape: z.ZodObject): string[] {
  return keysOf(shape).filter((key) => !shape.shape[key]?.safeParse(undefined).success);
}

/** An account that two groups read would be loaded, billed and counted twice. */
function checkAccounts(groups: readonly Group[], source: AnySource, path: Path, report: Report): void {
  const owners = new Map<string, string>();
  for (const [index, group] of groups.entries()) {
    if (source.accounts === undefined) {
      const twin = groups.slice(0, index).find((other) => isDeepStrictEqual(other.settings, group.settings));
      if (twin !== undefined && !group.sandbox)
        report({ path: [...path, group.name], what: `has the same settings as the group "${twin.name}"` });
      continue;
    }
    if (group.settings[source.accounts] === undefined) continue;
    accountsOf(group, source).forEach((account, position) => {
      const owner = owners.get(account);
      const where = [...path, group.name, String(source.accounts), position];
      if (owner === group.name) report({ path: where, what: 'is named twice', got: account });
      else if (owner !== undefined)
        report({ path: where, what: `is already in the group "${owner}"`, got: account });
      else owners.set(account, group.name);
    });
  }
}

function pick(fields: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.filter((key) => key in fields).map((key) => [key, fields[key]]));
}

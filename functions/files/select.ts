import { fatal } from '../core/errors.ts';
import type { FileOptions } from './source.ts';
import type { StoredObject } from './stores/store.ts';

/**
 * The objects that a table takes of those that match its path.
 *
 * @throws fatal `bad-input` when a name that was chosen matches none
 */
export function selectObjects(
  found: readonly StoredObject[],
  { take = 'all', path }: FileOptions,
  where: string,
): readonly StoredObject[] {
  if (take === 'all') return found;
  if (take === 'latest') {
    // Two objects of the same moment: the later name, which is the later date where names hold one.
    const latest = found.reduce<StoredObject | undefined>(
      (best, object) => (best === undefined || object.changedAt >= best.changedAt ? object : best),
      undefined,
    );
    return latest === undefined ? [] : [latest];
  }
  const chosen = found.filter(({ key }) => take.some((name) => isNamed(key, name)));
  const missing = take.find((name) => !chosen.some(({ key }) => isNamed(key, name)));
  if (missing === undefined) return chosen;
  throw fatal('bad-input', {
    where,
    what: `take names a file that does not match path "${path}"`,
    got: missing,
    allowed: found.slice(0, 10).map(({ key }) => key),
    todo: 'correct take or path of the table in the stack file',
  });
}

/** By its whole key, or by its name alone. */
function isNamed(key: string, name: string): boolean {
  return key === name || key.endsWith(`/${name}`);
}

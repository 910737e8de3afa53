import { matchesGlob } from 'node:path';
import type { StoredObject } from './store.ts';

const wildcard = /[*?[\]{}!()\\]/;

/** The part of a path before its first wildcard: what a store is asked for. */
export function literalPrefix(path: string): string {
  const at = path.search(wildcard);
  return at === -1 ? path : path.slice(0, at);
}

export function isGlob(path: string): boolean {
  return wildcard.test(path);
}

/** True when a path names this key, literally or as a glob. */
export function names(path: string, key: string): boolean {
  return key === path || (isGlob(path) && matchesGlob(key, path));
}

/**
 * Finds objects in a store that lists by prefix. A path without wildcards is asked for by itself, which needs no
 * permission to list; a key that is written like a glob is taken literally.
 */
export async function findObjects(
  path: string,
  store: {
    readonly stat: (key: string) => Promise<StoredObject | undefined>;
    readonly list: (prefix: string) => AsyncIterable<StoredObject>;
  },
): Promise<readonly StoredObject[]> {
  if (!isGlob(path)) {
    const object = await store.stat(path);
    return object === undefined ? [] : [object];
  }
  const found: StoredObject[] = [];
  for await (const object of store.list(literalPrefix(path))) {
    if (object.key === path) return [object];
    // Consoles keep an empty object for each folder.
    if (!object.key.endsWith('/') && matchesGlob(object.key, path)) found.push(object);
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

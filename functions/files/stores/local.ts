import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { glob, stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fatal } from '../../core/errors.ts';
import type { Store, StoredObject } from './store.ts';

/** Up to this size a file's content is its generation (0.05 s at most); beyond, its size and time of change. */
const hashedBytes = 32 * 2 ** 20;

/** A folder of this machine. Relative roots begin at the working folder of the run. */
export function openLocal({
  root: given,
  where,
  signal,
}: {
  readonly root: string;
  readonly where: string;
  readonly signal: AbortSignal;
}): Store {
  const root = resolve(given);
  const read = async (path: string): Promise<StoredObject> => {
    signal.throwIfAborted();
    const { size, mtime, mtimeMs } = await statFile(path, where);
    const generation = size <= hashedBytes ? await hash(path, where) : `${size}-${Math.round(mtimeMs)}`;
    return {
      key: relative(root, path).split(sep).join('/'),
      bytes: size,
      generation,
      changedAt: mtime,
    };
  };
  return {
    root,
    async find(path) {
      await checkRoot(root, where);
      const found: StoredObject[] = [];
      for (const match of await findPaths(root, path, where)) found.push(await read(match));
      return found;
    },
    async stat(key) {
      const path = resolve(root, key);
      const entry = await stat(path).catch(() => undefined);
      return entry === undefined ? undefined : read(path);
    },
    read: async function* ({ key }, range) {
      const ends = range === undefined ? {} : { start: range.from, end: range.to };
      yield* createReadStream(resolve(root, key), { highWaterMark: 2 ** 20, ...ends });
    },
    locate: (key) => resolve(root, key),
  };
}

async function checkRoot(root: string, where: string): Promise<void> {
  const entry = await stat(root).catch(() => undefined);
  if (entry?.isDirectory()) return;
  throw fatal('bad-input', {
    where,
    what: entry === undefined ? 'the folder "root" does not exist' : '"root" is not a folder',
    got: root,
    todo: "correct settings.root of the group in the stack file; a relative path starts at the run's working folder",
  });
}

/** A path that exists is taken as it is, whatever characters it has; any other is a pattern. */
async function findPaths(root: string, path: string, where: string): Promise<string[]> {
  const full = resolve(root, path);
  const refuse = (what: string, todo: string) =>
    fatal('bad-input', { where, what, got: path, allowed: `files below ${root}`, todo });
  if (full !== root && !full.startsWith(root.endsWith(sep) ? root : root + sep))
    throw refuse(
      'path leads out of root',
      'correct path of the table, or root of the group, in the stack file',
    );
  const literal = await stat(full).catch(() => undefined);
  if (literal?.isDirectory())
    throw refuse('path is a folder', `name its files, such as ${path.replace(/\/$/, '')}/*.csv`);
  if (literal !== undefined) return [full];
  const matches: string[] = [];
  for await (const entry of glob(path, { cwd: root, withFileTypes: true }))
    if (!entry.isDirectory()) matches.push(resolve(entry.parentPath, entry.name));
  return matches.sort();
}

async function statFile(path: string, where: string) {
  return stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, where, cause);
  });
}

async function hash(path: string, where: string): Promise<string> {
  const digest = createHash('sha256');
  // Chunks of the default 64 kB cost more time than the hashing.
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), digest).catch(
    (cause: NodeJS.ErrnoException) => {
      throw unreadable(path, where, cause);
    },
  );
  return `sha256-${digest.digest('hex').slice(0, 32)}`;
}

function unreadable(path: string, where: string, cause: NodeJS.ErrnoException) {
  return fatal('bad-file', {
    where,
    what: `the file cannot be read (${cause.code ?? cause.message})`,
    got: path,
    todo: 'check that it exists and that the account of this run may read it',
    cause,
  });
}

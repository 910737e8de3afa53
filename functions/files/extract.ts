import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { glob, stat } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fatal } from '../core/errors.ts';
import type { DiscoverOf, ExtractOf } from '../core/extract.ts';
import { describeFile } from './file-format.ts';
import type { source } from './source.ts';

/** Up to this size a file's content is its generation (0.05 s at most); beyond, its size and time of change. */
const hashedBytes = 32 * 2 ** 20;

/** Lists the files of one table, in the order of their names. */
export const discover: DiscoverOf<typeof source> = async ({ table, options, settings, signal }) => {
  const root = resolve(settings.root);
  await checkRoot(root, table);
  const paths = await match(root, options.path, table);
  const found = [];
  for (const path of paths) {
    signal.throwIfAborted();
    describeFile(path, options, table);
    const { size, mtimeMs } = await statFile(path, table);
    const generation = size <= hashedBytes ? await hash(path, table) : `${size}-${Math.round(mtimeMs)}`;
    found.push({ origin: relative(root, path).split(sep).join('/'), generation, bytes: size });
  }
  return found;
};

/** Hands over one file; the warehouse reads it. */
export const extract: ExtractOf<typeof source> = async function* ({ slice, settings }) {
  const path = resolve(settings.root, slice.origin);
  yield { table: slice.table, files: [{ path, ...describeFile(slice.origin, slice.options, slice.table) }] };
};

async function checkRoot(root: string, table: string): Promise<void> {
  const entry = await stat(root).catch(() => undefined);
  if (entry?.isDirectory()) return;
  throw fatal('bad-input', {
    where: table,
    what: entry === undefined ? 'the folder "root" does not exist' : '"root" is not a folder',
    got: root,
    todo: "correct settings.root of the group in the stack file; a relative path starts at the run's working folder",
  });
}

/** A path that exists is taken as it is, whatever characters it has; any other is a pattern. */
async function match(root: string, path: string, table: string): Promise<string[]> {
  const full = resolve(root, path);
  const refuse = (what: string, todo: string) => {
    throw fatal('bad-input', { where: table, what, got: path, allowed: `files below ${root}`, todo });
  };
  if (full !== root && !full.startsWith(root.endsWith(sep) ? root : root + sep))
    refuse('path leads out of root', 'correct path of the table, or root of the group, in the stack file');
  const literal = await stat(full).catch(() => undefined);
  if (literal?.isDirectory())
    refuse('path is a folder', `name its files, such as ${path.replace(/\/$/, '')}/*.csv`);
  if (literal !== undefined) return [full];
  const matches: string[] = [];
  for await (const entry of glob(path, { cwd: root, withFileTypes: true }))
    if (!entry.isDirectory()) matches.push(resolve(entry.parentPath, entry.name));
  if (matches.length === 0)
    refuse('no file matches path', 'put the file there, or correct path or root in the stack file');
  return matches.sort();
}

async function statFile(path: string, table: string) {
  return stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(path, table, cause);
  });
}

async function hash(path: string, table: string): Promise<string> {
  const digest = createHash('sha256');
  // Chunks of the default 64 kB cost more time than the hashing.
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), digest).catch(
    (cause: NodeJS.ErrnoException) => {
      throw unreadable(path, table, cause);
    },
  );
  return `sha256-${digest.digest('hex').slice(0, 32)}`;
}

function unreadable(path: string, table: string, cause: NodeJS.ErrnoException) {
  return fatal('bad-file', {
    where: table,
    what: `the file cannot be read (${cause.code ?? cause.message})`,
    got: path,
    todo: 'check that it exists and that the account of this run may read it',
    cause,
  });
}

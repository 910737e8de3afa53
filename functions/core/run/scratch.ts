import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is made when it is first asked for. */
export interface Scratch {
  folder(): Promise<string>;
  /** Deletes the folder and all in it. */
  remove(): Promise<void>;
}

/** Of this machine: a process id says nothing about another container that shares the temporary folder. */
const prefix = `catchment-scratch-${hostname()}-`;

let swept: Promise<void> | undefined;

/**
 * @param parent where the folder is made. @default the system's temporary folder
 */
export function createScratch(parent: string = tmpdir()): Scratch {
  let made: Promise<string> | undefined;
  return {
    folder() {
      swept ??= removeDeadScratch(parent);
      made ??= swept.then(() => mkdtemp(join(parent, `${prefix}${process.pid}-`)));
      return made;
    },
    async remove() {
      const folder = await made?.catch(() => undefined);
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Deletes what processes of this machine left behind that were killed. Never fails: the folder may be somebody else's. */
export async function removeDeadScratch(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const dead = names.filter((name) => {
    if (!name.startsWith(prefix)) return false;
    const [, pid] = /^(\d+)-/.exec(name.slice(prefix.length)) ?? [];
    return pid !== undefined && !isAlive(Number(pid));
  });
  await Promise.all(
    dead.map((name) => rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined)),
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

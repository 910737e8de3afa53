import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is made when it is first asked for. */
export interface Scratch {
  folder(): Promise<string>;
  /** Deletes the folder and all in it. */
  remove(): Promise<void>;
}

export function createScratch(): Scratch {
  let made: Promise<string> | undefined;
  return {
    folder() {
      made ??= mkdtemp(join(tmpdir(), 'catchment-'));
      return made;
    },
    async remove() {
      const folder = await made?.catch(() => undefined);
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

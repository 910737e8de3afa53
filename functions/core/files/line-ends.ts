import { open } from 'node:fs/promises';

/** Read at each place that is looked at. */
const windowBytes = 2 ** 16;
const newline = 10;

/**
 * True when a file, as it is stored, cannot have a line of more than so many bytes: then there is a line end in each of
 * many small windows, so close to each other that no such line has room between them. It reads a sixtieth of the file.
 *
 * @param longest at least half a megabyte
 * @returns false when only a look at all of the file can tell
 * @throws what the file system says
 */
export async function hasShortLines(path: string, longest: number): Promise<boolean> {
  const step = Math.floor(longest / 2);
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const window = Buffer.alloc(windowBytes);
    for (let at = 0; at < size; at += step) {
      const { bytesRead } = await file.read(window, 0, windowBytes, at);
      // What is left behind the last line end is shorter than a step.
      if (!window.subarray(0, bytesRead).includes(newline) && size - at > windowBytes) return false;
    }
    return true;
  } finally {
    await file.close();
  }
}

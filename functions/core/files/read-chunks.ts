import { Buffer } from 'node:buffer';
import { open } from 'node:fs/promises';

/** What a pipe of the system takes four times over; more gains nothing. */
const chunkBytes = 2 ** 18;

/**
 * Reads a local file in chunks of 256 KiB, one ahead. The bytes of a chunk are **valid until the next is asked for**: new
 * memory for each would cost half as much again as reading.
 *
 * @throws what the system says of a file that cannot be read
 */
export async function* readChunks(path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path);
  let [ready, spare] = [Buffer.allocUnsafeSlow(chunkBytes), Buffer.allocUnsafeSlow(chunkBytes)];
  const read = (into: Buffer) => {
    const reading = file.read(into, 0, chunkBytes, null);
    // It is waited for below, perhaps after it has failed.
    reading.catch(() => undefined);
    return reading;
  };
  let reading = read(ready);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      reading = read(spare);
      yield ready.subarray(0, bytesRead);
      [ready, spare] = [spare, ready];
    }
  } finally {
    await reading.catch(() => undefined);
    await file.close();
  }
}

import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faults, startSandbox } from './sandbox.ts';

describe('the sandbox of files', () => {
  it('writes samples of ten real data sets in all formats, the same bytes each time, and removes them', async () => {
    const [one, two] = [await startSandbox(), await startSandbox()];
    const [first, second] = [String(one.settings.root), String(two.settings.root)];
    const names = (await readdir(first)).sort();
    expect(names).toEqual([
      'airports.csv',
      'birdstrikes.csv',
      'earthquakes.json',
      'flight-delays.ndjson',
      'flights-3m.parquet',
      'movies.json',
      'stocks.csv',
      'unemployment.tsv',
      'weather.csv.gz',
      'zipcodes.csv.zst',
    ]);
    for (const name of names)
      expect((await readFile(join(first, name))).equals(await readFile(join(second, name))), name).toBe(true);
    await one.close();
    await two.close();
    await expect(stat(first)).rejects.toThrow('ENOENT');
  });

  it('makes every fault of files', async () => {
    const sound = await startSandbox();
    for (const { name } of faults.filter(({ variant }) => variant === undefined)) {
      const broken = await startSandbox({ fault: name });
      expect(await digest(String(broken.settings.root)), name).not.toEqual(
        await digest(String(sound.settings.root)),
      );
      await broken.close();
    }
    await sound.close();
  });

  it('names the faults it has when asked for another', async () => {
    await expect(startSandbox({ fault: 'flood' })).rejects.toThrow(
      '[files sandbox] there is no such fault: got "flood"; allowed: truncated-gzip, truncated-zstd',
    );
  });
});

async function digest(root: string): Promise<string[]> {
  const names = (await readdir(root)).sort();
  return Promise.all(
    names.map(
      async (name) =>
        `${name} ${createHash('sha256')
          .update(await readFile(join(root, name)))
          .digest('hex')}`,
    ),
  );
}

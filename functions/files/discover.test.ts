import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discover } from './extract.ts';
import type { TestPlace } from './sandbox/places.ts';
import { openPlace } from './sandbox/places.ts';
import type { FileOptions } from './source.ts';

let place: TestPlace;
beforeEach(async () => {
  place = await openPlace('gs');
});
afterEach(() => place.close());

const list = (options: FileOptions, known: readonly string[] = []) =>
  discover({ ...place, table: 't', options, known, signal: new AbortController().signal });
const originsOf = async (options: FileOptions) => (await list(options)).map(({ origin }) => origin);

describe('what a table takes of the files that match', () => {
  beforeEach(async () => {
    for (const key of ['b/1.csv', 'a/2.csv', 'a/1.csv']) await place.put(key, key);
  });

  it('is all of them unless it says otherwise', async () => {
    expect(await originsOf({ path: '*/*.csv' })).toEqual(['a/1.csv', 'a/2.csv', 'b/1.csv']);
  });

  it('is the one that changed last', async () => {
    expect(await originsOf({ path: '*/*.csv', take: 'latest' })).toEqual(['a/1.csv']);
    await place.put('b/1.csv', 'new');
    expect(await originsOf({ path: '*/*.csv', take: 'latest' })).toEqual(['b/1.csv']);
  });

  it('is those that it names, by their whole key or their name alone', async () => {
    expect(await originsOf({ path: '*/*.csv', take: ['b/1.csv', '2.csv'] })).toEqual(['a/2.csv', 'b/1.csv']);
  });

  it('is refused when it names one that is not there', async () => {
    await expect(list({ path: 'a/*.csv', take: ['3.csv'] })).rejects.toThrow(
      '[t] take names a file that does not match path "a/*.csv": got "3.csv"; allowed: a/1.csv, a/2.csv; correct take or path of the table in the stack file',
    );
  });
});

describe('a file that is gone', () => {
  beforeEach(() => place.put('a/1.csv', 'x'));

  it('is told, with what becomes of its rows', async () => {
    expect(await list({ path: 'a/*.csv' }, ['a/1.csv', 'a/2.csv'])).toMatchObject([
      { origin: 'a/1.csv' },
      { origin: 'a/2.csv', generation: 'gone', bytes: 0, gone: 'keep' },
    ]);
    expect(await list({ path: 'a/*.csv', onDelete: 'remove' }, ['a/2.csv'])).toMatchObject([
      { origin: 'a/1.csv' },
      { origin: 'a/2.csv', gone: 'remove' },
    ]);
  });

  it('is none that the path no longer asks for, nor one that was only not taken', async () => {
    await place.put('a/0.csv', 'older', {});
    await place.put('a/1.csv', 'newest');
    const found = await list({ path: 'a/*.csv', take: 'latest' }, ['a/0.csv', 'b/9.csv']);
    expect(found).toMatchObject([{ origin: 'a/1.csv' }]);
    expect(found).toHaveLength(1);
  });

  it('never means all of them: a path that matches nothing is a mistake', async () => {
    await expect(list({ path: 'c/*.csv', onDelete: 'remove' }, ['c/1.csv'])).rejects.toThrow(
      '[t] no file matches path: got "c/*.csv"; allowed: files below gs://exports/in',
    );
  });
});

it('lists ten thousand objects page by page', async () => {
  for (let index = 0; index < 10_000; index += 1)
    await place.put(`d/${String(index).padStart(5, '0')}.csv`, 'x');
  await place.put('e.csv', 'x');
  const found = await list({ path: 'd/*.csv' });
  expect(new Set(found.map(({ origin }) => origin)).size).toBe(10_000);
  expect(place.requests.filter((line) => line.includes('/o?'))).toHaveLength(10);
});

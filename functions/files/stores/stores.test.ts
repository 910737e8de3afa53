import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unavailable } from '../../../tests/setup/unavailable.ts';
import { fetchBytes } from '../fetch-object.ts';
import type { Azurite } from '../sandbox/azurite.ts';
import { startAzurite } from '../sandbox/azurite.ts';
import type { TestPlace } from '../sandbox/places.ts';
import { openPlace, placeKinds } from '../sandbox/places.ts';
import type { Store } from './store.ts';

const noAzurite = unavailable('azurite');
let azurite: Azurite | undefined;
beforeAll(async () => {
  if (noAzurite === undefined) azurite = await startAzurite();
}, 60_000);
afterAll(() => azurite?.close());

describe.each(placeKinds)('a store of the kind %s', (kind) => {
  const isRemote = kind !== 'local';
  let place: TestPlace;
  let store: Store;
  beforeEach(async ({ skip }) => {
    if (kind === 'azure') skip(noAzurite !== undefined, noAzurite);
    place = await openPlace(kind, { azurite });
    store = await place.openStore();
  });
  afterEach(() => place?.close());

  const keysOf = async (path: string) => (await store.find(path)).map(({ key }) => key);

  it('finds what a glob matches, in the order of the keys, and nothing below or beside it', async () => {
    for (const key of ['a/2.csv', 'a/1.csv', 'a/1.json', 'a/b/3.csv', 'ab/4.csv', '5.csv'])
      await place.put(key, key);
    expect(await keysOf('a/*.csv')).toEqual(['a/1.csv', 'a/2.csv']);
    expect(await keysOf('**/*.csv')).toEqual(['5.csv', 'a/1.csv', 'a/2.csv', 'a/b/3.csv', 'ab/4.csv']);
    expect(await keysOf('a/{1,2}.*')).toEqual(['a/1.csv', 'a/1.json', 'a/2.csv']);
  });

  it('takes a key literally that is written like a glob', async () => {
    for (const key of ["it's [1].csv", 'it1.csv', 'ü + & %41/x y.csv']) await place.put(key, key);
    expect(await keysOf("it's [1].csv")).toEqual(["it's [1].csv"]);
    expect(await keysOf('ü*/x y.csv')).toEqual(['ü + & %41/x y.csv']);
    const [odd] = await store.find('ü + & %41/x y.csv');
    expect(odd && (await fetchBytes(store, odd)).toString()).toBe('ü + & %41/x y.csv');
  });

  it('reads an object whole and in parts, and an empty one without a byte', async () => {
    await place.put('x.bin', 'abcdefghij');
    await place.put('empty', '');
    const object = await store.stat('x.bin');
    if (object === undefined) return expect.fail('it is not there');
    expect(object).toMatchObject({ key: 'x.bin', bytes: 10 });
    expect((await fetchBytes(store, object)).toString()).toBe('abcdefghij');
    const part = await Array.fromAsync(store.read(object, { from: 2, to: 4 }));
    expect(Buffer.concat(part).toString()).toBe('cde');
    const empty = await store.stat('empty');
    expect(empty && (await fetchBytes(store, empty)).length).toBe(0);
  });

  it('gives the same generation by list and by name, and another one after a change of one byte', async () => {
    await place.put('x.csv', 'a\n1\n');
    const [listed] = await store.find('*.csv');
    expect((await store.stat('x.csv'))?.generation).toBe(listed?.generation);
    await place.put('x.csv', 'a\n2\n');
    expect((await store.stat('x.csv'))?.generation).not.toBe(listed?.generation);
  });

  it('knows nothing of what is not there', async () => {
    expect(await store.stat('none.csv')).toBeUndefined();
  });

  if (isRemote) {
    it('asks for the part of a glob before its first wildcard only, and not at all for a plain name', async () => {
      await place.put('2026/11/x.csv', 'x');
      await keysOf('2026/11/*.csv');
      const asked = place.requests.map((line) => decodeURIComponent(line));
      expect(asked.filter((line) => line.includes('prefix='))).toEqual([
        expect.stringContaining('prefix=in/2026/11/'),
      ]);
      await keysOf('2026/11/x.csv');
      expect(place.requests.filter((line) => line.includes('prefix='))).toHaveLength(1);
    });

    it('goes on where a connection was cut, and asks for no byte twice', async () => {
      const content = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
      await place.put('x.bin', content);
      const object = await store.stat('x.bin');
      place.misbehave(({ kind: what, count }) =>
        what === 'read' && count <= 3 ? { cutAfter: 20_000 } : undefined,
      );
      expect(object && (await fetchBytes(store, object)).equals(content)).toBe(true);
      expect(place.bytesServed()).toBe(content.length);
    });

    it('gives up an object that breaks off again and again without a byte', async () => {
      await place.put('x.bin', 'abcdefghij');
      const object = await store.stat('x.bin');
      place.misbehave(({ kind: what }) => (what === 'read' ? { cutAfter: 0 } : undefined));
      await expect(object && fetchBytes(store, object)).rejects.toThrow(/\[p\/g\] GET .*x\.bin/);
    });

    it('refuses an object that was replaced while it was read', async () => {
      await place.put('x.bin', 'abcdefghij');
      const object = await store.stat('x.bin');
      await place.put('x.bin', 'ABCDEFGHIJ');
      await expect(object && fetchBytes(store, object)).rejects.toMatchObject({
        kind: 'retryable',
        message: expect.stringContaining('the object was replaced or deleted while it was read'),
      });
    });

    it('sends a call again that was told to slow down, and waits as long as it is told', async () => {
      await place.put('x.csv', 'x');
      place.misbehave(({ count }) =>
        count === 1 ? { status: 503, code: 'SlowDown', headers: { 'retry-after': '7' } } : undefined,
      );
      expect(await keysOf('*.csv')).toEqual(['x.csv']);
      expect(place.waits).toEqual([7000]);
    });

    it('knows when bytes arrived wrong', async () => {
      await place.put('x.bin', 'abcdefghij');
      const object = await store.stat('x.bin');
      place.misbehave(() => ({ garble: true }));
      await expect(object && fetchBytes(store, object)).rejects.toThrow(
        'the object did not arrive whole: its md5 is',
      );
    });

    it('says when an object is stored packed', async () => {
      await place.put('x.csv', 'packed', { contentEncoding: 'gzip' });
      const object = await store.stat('x.csv');
      expect(object?.packed).toBe('gzip');
      expect(object && (await fetchBytes(store, object)).toString()).toBe('packed');
    });

    it('says that a bucket is not there', async () => {
      const root = {
        gs: 'gs://nowhere/in',
        s3: 's3://nowhere/in',
        azure: 'azure://catchmenttests/nowhere/in',
      }[kind];
      const elsewhere = await place.openStore({ settings: { root } });
      for (const path of ['*.csv', 'x.csv'])
        await expect(elsewhere.find(path), path).rejects.toThrow(`[${root}] there is no such bucket`);
    });
  }
});

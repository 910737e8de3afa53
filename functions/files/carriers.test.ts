import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FilePlace, FileRef } from '../core/extract.ts';
import { discover, extract } from './extract.ts';
import type { TestPlace } from './sandbox/places.ts';
import { openPlace } from './sandbox/places.ts';
import type { FileOptions } from './source.ts';

type Slice = Parameters<typeof extract>[0]['slice'];

let folder: string;
let place: TestPlace;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-carriers-'));
});
afterEach(async () => {
  await place.close();
  await rm(folder, { recursive: true, force: true });
});

async function slicesOf(options: FileOptions): Promise<Slice[]> {
  const { signal } = new AbortController();
  const found = await discover({ ...place, table: 't', options, known: [], signal });
  return found.map(({ origin, generation, bytes }) => ({
    table: 't',
    origin,
    object: { generation, bytes },
    options,
  }));
}

function batchesOf(slice: Slice, accepts: readonly FilePlace[] = ['local'], ahead: readonly Slice[] = []) {
  return extract({
    ...place,
    slice,
    signal: new AbortController().signal,
    log: { debug() {}, info() {}, warn() {} },
    columns: [],
    accepts,
    scratch: async () => folder,
    ahead,
  });
}

async function handOver(
  slice: Slice | undefined,
  ...more: [accepts?: readonly FilePlace[], ahead?: Slice[]]
) {
  if (slice === undefined) return expect.fail('there is no slice');
  const [batch] = await Array.fromAsync(batchesOf(slice, ...more));
  return batch !== undefined && 'files' in batch ? (batch.files[0] as FileRef) : expect.fail('no file came');
}

describe('a warehouse that reads GCS itself', () => {
  beforeEach(async () => {
    place = await openPlace('gs');
  });

  it.each(['x.csv', 'x.csv.gz', 'x.parquet', 'x.ndjson'])(
    'is given the URL of %s, and no byte goes through this machine',
    async (path) => {
      await place.put(path, 'content');
      const [slice] = await slicesOf({ path });
      expect((await handOver(slice, ['gs'])).path).toBe(`gs://exports/in/${path}`);
      expect(place.bytesServed()).toBe(0);
    },
  );

  it.each<[string, Partial<FileOptions>]>([
    ['x.json', {}],
    ['x.csv.zst', {}],
    ['x.csv', { encoding: 'latin-1' }],
  ])('is brought %s, which it cannot load as it is', async (path, options) => {
    await place.put(path, 'content');
    const [slice] = await slicesOf({ path, ...options });
    const file = await handOver(slice, ['gs']);
    expect(file.path).toBe(join(folder, path));
    expect(await readFile(file.path, 'utf8')).toBe('content');
  });

  it('does not count an object that was replaced while it was loaded by its name', async () => {
    await place.put('x.csv', 'old');
    const [slice] = await slicesOf({ path: 'x.csv' });
    const batches = batchesOf(slice as Slice, ['gs']);
    await batches.next();
    await place.put('x.csv', 'new');
    await expect(batches.next()).rejects.toThrow(
      '[gs://exports/in/x.csv] the object was replaced or deleted while it was read (it has another generation)',
    );
  });
});

describe('a warehouse that reads local files', () => {
  it('is told of packing that only the store knows', async () => {
    place = await openPlace('s3');
    await place.put('x.csv', 'packed', { contentEncoding: 'gzip' });
    const [slice] = await slicesOf({ path: 'x.csv' });
    expect(await handOver(slice)).toMatchObject({ format: 'csv', compression: 'gzip' });
  });

  it('finds out by crc32c when a composed object, which has no md5, arrives wrong', async () => {
    place = await openPlace('gs');
    await place.put('composed.csv', 'a,b\n1,2\n');
    const [slice] = await slicesOf({ path: 'composed.csv' });
    expect(await readFile((await handOver(slice)).path, 'utf8')).toBe('a,b\n1,2\n');
    place.misbehave(() => ({ garble: true }));
    await expect(handOver(slice)).rejects.toThrow('the object did not arrive whole: its crc32c is');
  });

  it('fails a slice whose object changed since it was listed', async () => {
    place = await openPlace('s3');
    await place.put('x.csv', 'old');
    const [slice] = await slicesOf({ path: 'x.csv' });
    await place.put('x.csv', 'new');
    await expect(handOver(slice)).rejects.toMatchObject({ kind: 'retryable', code: 'vendor' });
    await place.remove('x.csv');
    await expect(handOver(slice)).rejects.toThrow('it is gone');
  });

  it('does not look at a local file that was replaced while it was loaded as if it were the old one', async () => {
    place = await openPlace('local');
    await place.put('x.csv', 'old');
    const [slice] = await slicesOf({ path: 'x.csv' });
    const batches = batchesOf(slice as Slice);
    await batches.next();
    await place.put('x.csv', 'new');
    await expect(batches.next()).rejects.toThrow('replaced or deleted while it was read');
  });

  it('gets small objects that were fetched together, at most eight and each once', async () => {
    place = await openPlace('s3');
    for (let index = 10; index < 30; index += 1) await place.put(`${index}.csv`, `content ${index}`);
    const slices = await slicesOf({ path: '*.csv' });
    const isRead = (line: string) => line.startsWith('GET') && line.includes('.csv');
    for (const [index, slice] of slices.entries()) {
      const file = await handOver(slice, ['local'], slices.slice(index + 1, index + 9));
      expect(await readFile(file.path, 'utf8')).toBe(`content ${index + 10}`);
      expect(place.requests.filter(isRead).length).toBeLessThanOrEqual(index + 9);
    }
    expect(place.requests.filter(isRead)).toHaveLength(20);
  });

  it('gets an object that broke when it was fetched early, in its turn', async () => {
    place = await openPlace('s3');
    for (const name of ['a.csv', 'b.csv']) await place.put(name, name);
    const [first, second] = await slicesOf({ path: '*.csv' });
    place.misbehave(({ key }) => (key === 'in/b.csv' ? { status: 403, code: 'AccessDenied' } : undefined));
    await handOver(first, ['local'], [second as Slice]);
    place.misbehave(undefined);
    expect(await readFile((await handOver(second)).path, 'utf8')).toBe('b.csv');
  });
});

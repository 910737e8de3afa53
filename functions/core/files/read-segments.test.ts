import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ByteStream } from '../bytes.ts';
import { readSegments } from './read-segments.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-segments-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

it('keeps three segments of each of two streams at most, and loads those together that wait', async () => {
  let pulled = 0;
  /** Each row is a segment. */
  const stream: ByteStream = {
    formats: ['csv', 'tsv'],
    columns: ['id', 'name'],
    open: () => ({
      chunks: (async function* () {
        for (let row = 0; row < 5; row += 1) {
          pulled += 1;
          yield Buffer.from(`${row}\tname\n`);
        }
      })(),
      rows: () => 5,
    }),
  };
  const batches: number[] = [];
  const onDisk: number[] = [];
  const result = await readSegments({
    ...{ streams: [stream, stream, stream], folder, where: 'items', segmentBytes: 1, together: 2 },
    async load(segments) {
      // The first one is slow: all that may be read meanwhile is read.
      if (batches.length === 0) await vi.waitFor(() => expect(pulled).toBe(6));
      batches.push(segments.length);
      onDisk.push((await readdir(folder)).length);
      return { read: segments.length, loaded: segments.length, quarantined: [], unknown: [] };
    },
  });
  expect(result).toMatchObject({ read: 15, loaded: 15, announced: 15, quarantined: [] });
  expect([batches[0], Math.max(...batches)]).toEqual([1, 2]);
  expect(Math.max(...onDisk)).toBeLessThanOrEqual(6);
  expect(await readdir(folder)).toEqual([]);
});

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { textOf } from '../warehouses/conformance/text.ts';
import type { CutOptions, Segment } from './cut-segments.ts';
import { cutSegments } from './cut-segments.ts';
import { hasOddQuotes } from './quote-parity.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catchment-cut-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function* chunked(bytes: Buffer, sizes: readonly number[]) {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    // Each chunk in memory of its own and at any alignment, as sockets give them.
    const copy = Buffer.alloc(size + 3).subarray(turn % 4);
    yield copy.subarray(0, bytes.copy(copy, 0, at, at + size));
    at += size;
  }
}

async function cut(
  bytes: Buffer,
  sizes: readonly number[],
  segmentBytes: number,
  more: Partial<CutOptions> = {},
) {
  const segments: (Segment & { readonly content: Buffer })[] = [];
  for await (const segment of cutSegments(chunked(bytes, sizes), {
    format: 'csv',
    folder,
    name: 's',
    segmentBytes,
    where: 't',
    ...more,
  })) {
    segments.push({ ...segment, content: await readFile(segment.path) });
    await rm(segment.path);
  }
  return segments;
}

const cell = fc.oneof(
  fc.constant(null),
  fc.constantFrom('', '"', '""', '\n', 'a\n"b"\n,', '\\N', '日本語 🛠', '"\n"'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);

it('cuts any rows, in any chunks, into files that hold whole records and together every byte', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 300 }),
      async (rows, sizes, segmentBytes) => {
        const records = rows.map((row) => textOf('csv', [row]));
        const bytes = Buffer.concat(records);
        const segments = await cut(bytes, sizes, segmentBytes);
        expect(Buffer.concat(segments.map(({ content }) => content)).equals(bytes)).toBe(true);
        let next = 0;
        for (const { content, bytes: told, longestRecord } of segments) {
          expect(content.length).toBe(told);
          let [size, longest] = [0, 0];
          while (size < content.length) {
            const length = records[next]?.length ?? 0;
            size += length;
            longest = Math.max(longest, length);
            next += 1;
          }
          expect(size).toBe(content.length);
          expect(longestRecord).toBeGreaterThanOrEqual(longest);
        }
        for (const { content } of segments.slice(0, -1))
          expect(content.length).toBeGreaterThanOrEqual(segmentBytes);
        expect(next).toBe(rows.length);
      },
    ),
    { numRuns: 300, seed: 3 },
  );
});

it('tells whether quotes are open, whatever the alignment', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0x22, 0x21, 0x23, 0xa2, 0x00, 0xff, 0x62), { maxLength: 40 }),
      fc.integer({ min: 0, max: 7 }),
      (bytes, offset) => {
        const view = new Uint8Array([...new Array<number>(offset).fill(0x22), ...bytes]).subarray(offset);
        expect(hasOddQuotes(view)).toBe(bytes.filter((byte) => byte === 0x22).length % 2 === 1);
      },
    ),
    { seed: 3 },
  );
});

it('bounds the longest record closely', async () => {
  const rows = Array.from({ length: 100 }, (_, index) => [index === 50 ? 'x'.repeat(5000) : 'short']);
  const [segment] = await cut(textOf('csv', rows), [64], 2 ** 20);
  expect(segment?.longestRecord).toBeGreaterThanOrEqual(5001);
  expect(segment?.longestRecord).toBeLessThan(5001 + 2 * 64);
});

it('refuses a stream that ends inside a quoted cell', async () => {
  await expect(cut(Buffer.from('1,"open\n2,3\n'), [3], 4)).rejects.toThrow(
    '[t] a stream of rows ended inside a quoted cell',
  );
});

it('hands on the error of a stream and ends a stream that nobody reads on', async () => {
  let isEnded = false;
  const chunks = (async function* () {
    try {
      for (let index = 0; ; index += 1) {
        if (index === 50) throw new Error('reset');
        yield Buffer.from(`${index},x\n`);
      }
    } finally {
      isEnded = true;
    }
  })();
  const reading = async (stopAt: number) => {
    let segments = 0;
    for await (const _ of cutSegments(chunks, {
      format: 'csv',
      folder,
      name: `stop ${stopAt}`,
      segmentBytes: 50,
      where: 't',
    })) {
      segments += 1;
      if (segments === stopAt) return;
    }
  };
  await reading(2);
  expect(isEnded).toBe(true);
  const broken = cutSegments(
    (async function* () {
      yield Buffer.from('1,x\n');
      throw new Error('reset');
    })(),
    { format: 'csv', folder, name: 'broken', segmentBytes: 50, where: 't' },
  );
  await expect(broken.next()).rejects.toThrow('reset');
  expect((await readdir(folder)).length).toBeGreaterThan(0);
});

it('cuts lines after so many of them or so many bytes, whichever comes first', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: fc.constantFrom('a', '"', ',', '\\n'), maxLength: 12 }), { maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 10 }),
      async (lines, sizes, segmentBytes, segmentRows) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const segments = await cut(bytes, sizes, segmentBytes, { format: 'tsv', segmentRows });
        expect(Buffer.concat(segments.map(({ content }) => content)).equals(bytes)).toBe(true);
        for (const [index, { content, bytes: size }] of segments.entries()) {
          const rows = content.toString().split('\n');
          expect(rows.pop()).toBe('');
          const lastBytes = (rows.at(-1)?.length ?? 0) + 1;
          expect(rows.length).toBeLessThanOrEqual(segmentRows);
          expect(size - lastBytes).toBeLessThan(segmentBytes);
          if (index < segments.length - 1)
            expect(rows.length === segmentRows || size >= segmentBytes).toBe(true);
        }
      },
    ),
  );
});

it('does not take a stream for whole that ends in the middle of a line', async () => {
  await expect(cut(Buffer.from('1\tx\n2'), [3], 50, { format: 'tsv' })).rejects.toThrow(
    '[t] a stream of rows ended inside a row; nothing of it was loaded; the next run reads it again',
  );
});

import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CellKind } from './encode.ts';
import { createEncoder } from './encode.ts';
import { createFrames } from './frames.ts';

/** A cell as MySQL's text protocol writes it. */
function cell(value: string | Uint8Array | null): Buffer {
  if (value === null) return Buffer.from([0xfb]);
  const bytes = Buffer.from(value);
  if (bytes.length < 0xfb) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = Buffer.alloc(bytes.length < 2 ** 16 ? 3 : 4);
  length[0] = bytes.length < 2 ** 16 ? 0xfc : 0xfd;
  length.writeUIntLE(bytes.length, 1, length.length - 1);
  return Buffer.concat([length, bytes]);
}

function encode(
  format: 'csv' | 'tsv',
  kinds: readonly CellKind[],
  rows: readonly (readonly (string | Uint8Array | null)[])[],
) {
  const encoder = createEncoder(format, kinds);
  for (const row of rows) {
    const payload = Buffer.concat(row.map(cell));
    encoder.add(payload, 0, payload.length);
  }
  return { text: Buffer.from(encoder.take()).toString('utf8'), encoder };
}

/** Reads what the format says, by hand. */
function readTsv(text: string): (string | null)[][] {
  const letters: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\' };
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) =>
      line
        .split('\t')
        .map((each) =>
          each === '\\N' ? null : each.replaceAll(/\\(.)/gs, (_, letter: string) => letters[letter] ?? '?'),
        ),
    );
}

function readCsv(text: string): (string | null)[][] {
  const rows: (string | null)[][] = [[]];
  const cellPattern = /(?:"((?:[^"]|"")*)"|([^,\n"]*))([,\n])/gy;
  for (const [, quoted, plain, end] of text.matchAll(cellPattern)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? (plain === '\\N' ? null : (plain ?? '')));
    if (end === '\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

const odd = fc.array(fc.constantFrom('a', ',', '"', '\n', '\r', '\t', '\\', 'N', 'ü', '🛰', ''), {
  maxLength: 8,
});
const value = fc.option(
  odd.map((parts) => parts.join('')),
  { nil: null },
);

it('writes texts that read back as they were, NULL told from every text', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value), { minLength: 1, maxLength: 20 }), (rows) => {
      expect(readTsv(encode('tsv', ['text', 'text'], rows).text)).toEqual(rows);
      expect(readCsv(encode('csv', ['text', 'text'], rows).text)).toEqual(rows);
    }),
    { numRuns: 300, seed: 20_261_121 },
  );
});

it('writes bytes as digits, flags as letters, and counts days that are none', () => {
  const kinds: CellKind[] = ['bytes', 'flag', 'day', 'plain'];
  const { text, encoder } = encode('csv', kinds, [
    [Uint8Array.of(0, 255, 34), '1', '2024-02-29 10:00:00', '-1.50'],
    [new Uint8Array(), '0', '0000-00-00 00:00:00', null],
    [null, '2', '0000-00-00', '0'],
  ]);
  expect(text).toBe('00ff22,t,2024-02-29 10:00:00,-1.50\n"",f,\\N,\\N\n\\N,t,\\N,0\n');
  expect(encoder.zeroDates).toEqual([0, 0, 2, 0]);
  expect(encoder.rows).toBe(3);
});

it('takes cells of any length', () => {
  const lengths = [250, 251, 65_535, 65_536, 3_000_000];
  const { text } = encode(
    'tsv',
    ['text'],
    lengths.map((length) => ['x'.repeat(length)]),
  );
  expect(text.split('\n').map(({ length }) => length)).toEqual([...lengths, 0]);
});

it('cuts packets out of a stream that is cut anywhere, and joins those of 16 MB', () => {
  const packet = (payload: Buffer) => {
    const header = Buffer.alloc(4);
    header.writeUIntLE(payload.length, 0, 3);
    return Buffer.concat([header, payload]);
  };
  const large = Buffer.alloc(2 * 0xff_ff_ff + 5, 'x');
  const parts = [
    large.subarray(0, 0xff_ff_ff),
    large.subarray(0xff_ff_ff, 2 * 0xff_ff_ff),
    large.subarray(2 * 0xff_ff_ff),
  ];
  const stream = Buffer.concat([
    packet(Buffer.from('first')),
    ...parts.map(packet),
    packet(Buffer.alloc(0)),
    packet(Buffer.from('last')),
  ]);
  for (const size of [7, 65_536, stream.length]) {
    const frames = createFrames();
    const frame = { buffer: new Uint8Array(), start: 0, end: 0 };
    const lengths: number[] = [];
    const steps = size === 7 ? [...Array(10).fill(7), stream.length] : [size];
    for (let at = 0, step = 0; at < stream.length; step += 1) {
      const length = steps[Math.min(step, steps.length - 1)] ?? size;
      frames.push(stream.subarray(at, at + length));
      at += length;
      while (frames.next(frame)) lengths.push(frame.end - frame.start);
    }
    expect(lengths).toEqual([5, large.length, 0, 4]);
  }
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordsOf, type TextRecord } from './records-of.ts';

const cell = fc.option(
  fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('', '\\N', '"', '""', '\n', '\t', '\\', 'a,b', 'x\r\ny', '日本 🛠'),
  ),
  { nil: undefined },
);
const table = fc
  .integer({ min: 2, max: 5 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }));

it('gives back the cells of any csv, wherever its chunks are cut', () => roundTrip('csv', csvOf));

it('gives back the cells of any tsv, wherever its chunks are cut', () => roundTrip('tsv', tsvOf));

it('reads a last record without a line end', async () => {
  expect(await read('csv', Buffer.from('1,a\n2,"b"'), 3)).toEqual([
    ['1', 'a'],
    ['2', 'b'],
  ]);
});

async function roundTrip(format: 'csv' | 'tsv', write: (row: TextRecord) => string): Promise<void> {
  await fc.assert(
    fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
      const bytes = Buffer.from(rows.map((row) => `${write(row)}\n`).join(''));
      expect(await read(format, bytes, size)).toEqual(rows);
    }),
    { seed: 1, numRuns: 300 },
  );
}

async function read(format: 'csv' | 'tsv', bytes: Buffer, size: number): Promise<TextRecord[]> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return (await Array.fromAsync(recordsOf(chunks(), format))).flat();
}

function csvOf(row: TextRecord): string {
  return row
    .map((text) => {
      if (text === undefined) return '\\N';
      return text === '\\N' || text === '' || /[",\n\r]/.test(text)
        ? `"${text.replaceAll('"', '""')}"`
        : text;
    })
    .join(',');
}

function tsvOf(row: TextRecord): string {
  const marks: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
  return row
    .map((text) =>
      text === undefined ? '\\N' : text.replaceAll(/[\\\t\n\r]/g, (mark) => marks[mark] ?? mark),
    )
    .join('\t');
}

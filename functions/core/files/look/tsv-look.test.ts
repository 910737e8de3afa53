import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NotPlain } from '../not-plain.ts';
import { cellKinds } from './cell-kind.ts';
import { createTsvLook } from './tsv-look.ts';

type Cells = readonly (string | null)[];

/** Cuts bytes into pieces of `size` and gives back the records. */
function read(bytes: Buffer, width: number, size = 1024): Cells[] {
  const records: Cells[] = [];
  let record: (string | null)[] = [];
  const cells = createTsvLook(Array(width).fill(cellKinds.text), {
    cell(column, found, from, to) {
      expect(column).toBe(record.length);
      record.push(Buffer.from(found.subarray(from, to)).toString());
    },
    none(column) {
      expect(column).toBe(record.length);
      record.push(null);
    },
    endRecord() {
      records.push(record);
      record = [];
    },
  });
  for (let at = 0; at < bytes.length; at += size) {
    // A source may use its bytes again.
    const chunk = Buffer.from(bytes.subarray(at, at + size));
    cells.at(chunk);
    chunk.fill('!');
  }
  cells.end();
  expect(record).toEqual([]);
  return records;
}

const marks: Readonly<Record<string, string>> = {
  ...{ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\b': '\\b', '\f': '\\f', '\v': '\\v' },
};
const line = (record: Cells) =>
  `${record.map((cell) => (cell === null ? '\\N' : cell.replaceAll(/[\\\t\n\r\b\f\v]/g, (mark) => marks[mark] ?? ''))).join('\t')}\n`;

const cell = fc.option(
  fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('', '\\N', 'N', '\\', '\n', '\t\v\f\b', 'x\r\ny', '日本 🛠'),
  ),
  { nil: null },
);

it('gives back the cells of any tsv, wherever its chunks are cut', () => {
  const table = fc.integer({ min: 2, max: 5 }).chain((width) =>
    fc.record({
      width: fc.constant(width),
      rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }),
      size: fc.integer({ min: 1, max: 9 }),
    }),
  );
  fc.assert(
    fc.property(table, ({ width, rows, size }) => {
      expect(read(Buffer.from(rows.map(line).join('')), width, size)).toEqual(rows);
    }),
    { seed: 1, numRuns: 300 },
  );
});

it('takes what stands behind a backslash for itself, a tab too', () => {
  expect(read(Buffer.from('a\\\tb\\xc\t\\\\\n'), 2)).toEqual([['a\tbxc', '\\']]);
});

it('reads a last record without a line end', () => {
  expect(read(Buffer.from('1\ta\n2\t\\N'), 2)).toEqual([
    ['1', 'a'],
    ['2', null],
  ]);
});

it('reads cells that are longer than its buffers', () => {
  const long = 'x\t'.repeat(10_000);
  expect(read(Buffer.from(line([long, 'y'])), 2)).toEqual([[long, 'y']]);
});

it.each(['1\n', '1\t2\t3\n'])('refuses a record of another number of cells', (bytes) => {
  expect(() => read(Buffer.from(bytes), 2)).toThrow(NotPlain);
});

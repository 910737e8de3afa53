import fc from 'fast-check';
import { expect, it } from 'vitest';
import { numberRecords } from './number-records.ts';

function numbered(text: string, sizes: readonly number[] = [1 << 20]): { csv: string; records: number } {
  const bytes = Buffer.from(text);
  const numberer = numberRecords(7);
  const parts: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    const made = numberer.push(bytes.subarray(at, at + size));
    if (made !== undefined) parts.push(made);
    at += size;
  }
  const last = numberer.end();
  return {
    csv: Buffer.concat(last === undefined ? parts : [...parts, last]).toString(),
    records: numberer.records,
  };
}

it('numbers records, not lines', () => {
  expect(numbered('a,"b\nc"\n"""\n""",\\N\n')).toEqual({
    csv: '7,a,"b\nc"\n8,"""\n""",\\N\n',
    records: 2,
  });
});

it('ends the last record where the stream did not', () => {
  expect(numbered('a\nb')).toEqual({ csv: '7,a\n8,b\n', records: 2 });
  expect(numbered('')).toEqual({ csv: '', records: 0 });
});

it('tells a text that reads like the null marker from NULL', () => {
  const csv = '\\N,"\\N",\\\\N,"\\\\N",x\\N,"a,""\\N"\n';
  expect(numbered(csv).csv).toBe('7,\\N,"\\\\N",\\\\\\N,"\\\\\\N",x\\N,"a,""\\N"\n');
});

it('gives the same wherever the chunks are cut', () => {
  const cell = fc.constantFrom('a', '\\N', '"\\N"', '""', '"x\n,"""', '', 'é日🛠', '\\\\N');
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 8 });
  fc.assert(
    fc.property(table, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (rows, sizes) => {
      const text = rows.map((cells) => `${cells.join(',')}\n`).join('');
      expect(numbered(text, sizes)).toEqual(numbered(text));
      expect(numbered(text).records).toBe(rows.length);
    }),
  );
});

it('refuses a stream that ends inside a quoted cell', () => {
  expect(() => numbered('a\n"b')).toThrow(
    'a stream of rows broke off inside a quoted cell: got "after 1 rows"; nothing of it was loaded; run it again',
  );
});

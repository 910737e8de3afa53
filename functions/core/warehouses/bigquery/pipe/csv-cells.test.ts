import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readRecords } from './csv-cells.ts';
import { numberRecords } from './number-records.ts';

it('reads back what was written, whatever the cells hold', () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.string(),
    fc.constantFrom('', '\\N', '\\\\N', ',', '\n', '"', 'a"b', ',\n"'),
  );
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 5 }));
  fc.assert(
    fc.property(table, (rows) => {
      const csv = rows.map((cells) => `${cells.map(written).join(',')}\n`).join('');
      const numbered = numberRecords(0).push(Buffer.from(csv));
      expect(readRecords(numbered?.toString() ?? '')).toEqual(rows);
    }),
  );
});

/** As PostgreSQL writes a cell. */
function written(cell: string | null): string {
  if (cell === null) return '\\N';
  return cell === '\\N' || /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

import { expect, it } from 'vitest';
import { cutRanges, rangeSql } from './ranges.ts';

const watermark = {
  name: '"at"',
  text: '"at"::text',
  literal: (value: string) => `'${value}'`,
  finite: [],
  empty: '"at" IS NULL',
  endless: undefined,
};

it('cuts without a gap and without an overlap', () => {
  expect(cutRanges({ from: '1', to: '9', isOpen: false, edges: ['1', '4', '9'] })).toEqual([
    { from: '1', to: '4', isOpen: true },
    { from: '4', to: '9', isOpen: true },
    { from: '9', to: '9' },
  ]);
  expect(cutRanges({ from: undefined, to: '9', isOpen: true, edges: ['4', '9'] })).toEqual([
    { to: '4', isOpen: true },
    { from: '4', to: '9', isOpen: true },
  ]);
});

it('takes rows without a value in the first range, and in a range of their own', () => {
  const odd = { ...watermark, endless: `"at" = 'infinity'` };
  expect(rangeSql(watermark, { to: '4', isOpen: true })).toBe(`("at" < '4' OR "at" IS NULL)`);
  expect(rangeSql(watermark, { from: '4', to: '9' })).toBe(`"at" >= '4' AND "at" <= '9'`);
  expect(rangeSql(odd, { rows: 2 })).toBe(`("at" IS NULL OR "at" = 'infinity')`);
});

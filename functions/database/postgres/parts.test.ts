import { expect, it } from 'vitest';
import { cutRelation } from './parts.ts';

const relation = (...pages: readonly number[]) => ({
  sql: 't',
  columns: [],
  rows: undefined,
  heaps: pages.map((count, index) => ({ sql: pages.length === 1 ? 't' : `t${index}`, pages: count })),
});

it('cuts a large table into ranges of pages without a gap, the last one open', () => {
  expect(cutRelation(relation(20_000), 4)).toEqual([
    [{ from: 't', where: "ctid < '(5000,0)'" }],
    [{ from: 't', where: "ctid >= '(5000,0)' AND ctid < '(10000,0)'" }],
    [{ from: 't', where: "ctid >= '(10000,0)' AND ctid < '(15000,0)'" }],
    [{ from: 't', where: "ctid >= '(15000,0)'" }],
  ]);
});

it('opens no connection for less than 32 MB, and none at all for what has no pages', () => {
  expect(cutRelation(relation(8191), 4)).toEqual([[{ from: 't' }]]);
  expect(cutRelation(relation(8192), 4)).toHaveLength(2);
  expect(cutRelation(relation(), 4)).toEqual([[{ from: 't' }]]);
});

it('shares partitions by their size, each in one part', () => {
  expect(cutRelation(relation(9000, 4000, 5000), 2)).toEqual([
    [{ from: 't0' }],
    [{ from: 't2' }, { from: 't1' }],
  ]);
});

import { describe, expect, test } from 'vitest';
import { textTable, wrap } from './text-table.ts';

describe('textTable', () => {
  test('is as narrow as its content', () => {
    expect(textTable(['a', 'name'], [['1', 'x']], 40)).toEqual(['  a  name', '  ─  ────', '  1  x']);
  });

  test('wraps the widest cells instead of cutting them, and stays within the width', () => {
    const lines = textTable(['who', 'on'], [['etl-ads', 'secret tiktok-api-credentials']], 30);
    expect(lines).toEqual([
      '  who      on',
      '  ───────  ───────────────────',
      '  etl-ads  secret',
      '           tiktok-api-',
      '           credentials',
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(30);
  });

  test('keeps the lines of a cell', () => {
    expect(textTable(['n', 'x'], [['1\n2', 'y']], 20).slice(2)).toEqual(['  1  y', '  2']);
  });
});

test.each([
  ['breaks at a blank', 'one two three', 8, ['one two', 'three']],
  ['breaks after a mark of a long name', 'roles/bigquery.dataEditor', 16, ['roles/bigquery.', 'dataEditor']],
  ['breaks anywhere when there is no mark', 'abcdef', 4, ['abcd', 'ef']],
  ['leaves a short text alone', 'abc', 3, ['abc']],
])('wrap %s', (_title, content, width, lines) => {
  expect(wrap(content, width)).toEqual(lines);
});

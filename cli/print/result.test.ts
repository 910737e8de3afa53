import { expect, it } from 'vitest';
import { resultCsv, resultLines, resultObjects } from './result.ts';

const result = {
  columns: ['name', 'n', 'id', 'list'],
  rows: [
    ['a', 1, '9007199254740993', [1, 2]],
    [null, 20, '1', null],
  ],
};

it('shows numbers on the right and NULL by name', () => {
  expect(resultLines(result, 80)).toEqual([
    'name   n  id                list',
    '────  ──  ────────────────  ─────',
    'a      1  9007199254740993  [1,2]',
    'NULL  20  1                 NULL',
  ]);
});

it('says which columns had no room', () => {
  expect(resultLines(result, 20).at(-1)).toBe('no room for list: use a wider terminal, --csv or --json');
});

it('gives CSV with a header', () => {
  expect(resultCsv(result)).toBe('name,n,id,list\na,1,9007199254740993,"[1,2]"\n,20,1,\n');
});

it('gives objects, and keeps both of two columns with the same name', () => {
  expect(resultObjects({ columns: ['a', 'b', 'a'], rows: [[1, 2, 3]] })).toEqual([{ a: 1, b: 2, a_2: 3 }]);
});

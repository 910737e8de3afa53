import { expect, it } from 'vitest';
import { parseArray } from './array.ts';

it.each([
  ['{}', []],
  ['{1,NULL,3}', ['1', null, '3']],
  ['{"NULL",null}', ['NULL', null]],
  ['{"a,b","c\\"d","e\\\\f",""}', ['a,b', 'c"d', 'e\\f', '']],
  [
    '{{1,2},{3,4}}',
    [
      ['1', '2'],
      ['3', '4'],
    ],
  ],
  ['[0:1]={7,8}', ['7', '8']],
])('reads %s', (text, items) => {
  expect(parseArray(text)).toEqual(items);
});

it('separates boxes by semicolons', () => {
  expect(parseArray('{(1,1),(0,0);(2,2),(1,1)}', ';')).toEqual(['(1,1),(0,0)', '(2,2),(1,1)']);
});

it.each(['', 'text', '1,2'])('takes "%s" for no array', (text) => {
  expect(parseArray(text)).toBeUndefined();
});

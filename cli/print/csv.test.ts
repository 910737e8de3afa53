import { expect, it } from 'vitest';
import { csvLine } from './csv.ts';

it('quotes what would break a cell, and tells NULL from an empty text', () => {
  expect(csvLine(['a', 1, true, null, '', 'a,b', 'say "hi"', 'two\nlines', { a: [1] }])).toBe(
    'a,1,true,,"","a,b","say ""hi""","two\nlines","{""a"":[1]}"\n',
  );
});

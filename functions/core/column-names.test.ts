import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nameColumns } from './column-names.ts';

it('makes legal names the way the predecessor did', () => {
  expect(nameColumns(['Order ID', 'total (EUR)', '__x__', '2nd', '€', 'UPPER', 'plain_name'])).toEqual([
    'order_id',
    'total_eur',
    'x',
    'col_2nd',
    'column',
    'upper',
    'plain_name',
  ]);
});

it('tells names apart that end alike, and leaves a legal one its own', () => {
  expect(nameColumns(['a b', 'a-b', 'a_b', 'A_B'])).toEqual(['a_b_2', 'a_b_3', 'a_b', 'a_b_4']);
  expect(nameColumns(['id', '_origin', 'Id'], ['origin', 'ID'])).toEqual(['id_2', 'origin_2', 'id_3']);
});

it('makes names of any length legal and different', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 400 })), (originals) => {
      const names = nameColumns(originals);
      expect(new Set(names).size).toBe(originals.length);
      for (const name of names) expect(name).toMatch(/^[a-z_][a-z0-9_]{0,299}$/);
    }),
    { seed: 1 },
  );
  expect(nameColumns(['x'.repeat(400), 'x'.repeat(401)])[1]).toBe(`${'x'.repeat(298)}_2`);
});

import { expect, it } from 'vitest';
import { costOf } from './cost.ts';

it('prices a tebibyte at the list price, and parts of it', () => {
  expect(costOf(2 ** 40)).toBe(6.25);
  expect(costOf(10 * 2 ** 20)).toBe(0.00006);
  expect(costOf(0)).toBe(0);
});

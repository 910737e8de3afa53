import { expect, it } from 'vitest';
import { formatLogCursor, parseLogCursor } from './log-cursor.ts';

it.each([
  ['0/16B3748 7430012345678901234/shop', []],
  ['0/16B3748 7430012345678901234/a|b', []],
  ['0/16B3748 7430012345678901234/shop', ['orders']],
  ['0/16B3748+25@0/17C0000 74/a|b', ['order-items', 'orders_2']],
])('reads what it wrote: %s %s', (position, names) => {
  const held = new Set(names);
  expect(parseLogCursor(formatLogCursor({ position, held }))).toEqual({ position, held });
});

it('reads a position that was written before tables were named', () => {
  expect(parseLogCursor('0/1 7/shop')).toEqual({ position: '0/1 7/shop', held: new Set() });
});

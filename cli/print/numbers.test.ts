import { expect, it } from 'vitest';
import {
  formatAge,
  formatCount,
  formatMegabytes,
  formatPlural,
  formatRate,
  formatSeconds,
} from './numbers.ts';

it('groups the digits of counts', () => {
  expect([0, 999, 1000, 3_000_000].map(formatCount)).toEqual(['0', '999', '1,000', '3,000,000']);
});

it('shows bytes as decimal megabytes and milliseconds as seconds', () => {
  expect([0, 49_999, 50_000, 1_234_567_890].map(formatMegabytes)).toEqual(['0.0', '0.0', '0.1', '1,234.6']);
  expect([0, 1234, 3_600_000].map(formatSeconds)).toEqual(['0.0', '1.2', '3,600.0']);
});

it('shows no rate where nothing was read or no time passed', () => {
  expect(formatRate(3_000_000, 1500)).toBe('2,000,000');
  expect(formatRate(0, 1500)).toBe('-');
  expect(formatRate(10, 0)).toBe('-');
});

it('shows an age in its largest unit', () => {
  const minute = 60_000;
  const ages = [0, minute - 1, minute, 59 * minute, 60 * minute, 47 * 60 * minute, 48 * 60 * minute];
  expect(ages.map(formatAge)).toEqual([
    'just now',
    'just now',
    '1 min ago',
    '59 min ago',
    '1 h ago',
    '47 h ago',
    '2 d ago',
  ]);
});

it('adds an s to all but one', () => {
  expect([0, 1, 2000].map((count) => formatPlural(count, 'slice'))).toEqual([
    '0 slices',
    '1 slice',
    '2,000 slices',
  ]);
});

import { expect, it } from 'vitest';
import { nextMidnight } from './errors.ts';

it.each([
  ['2026-11-12T06:00:00Z', '2026-11-12T08:00:00.000Z'],
  ['2026-11-12T08:00:00.000Z', '2026-11-13T08:00:00.000Z'],
  ['2026-07-01T12:34:56.789Z', '2026-07-02T07:00:00.000Z'],
  // Clocks go forward on 8 March and back on 1 November 2026.
  ['2026-03-08T09:00:00Z', '2026-03-09T07:00:00.000Z'],
  ['2026-11-01T07:30:00Z', '2026-11-02T08:00:00.000Z'],
])('quotas of %s are free again at %s', (now, then) => {
  expect(nextMidnight(new Date(now)).toISOString()).toBe(then);
});

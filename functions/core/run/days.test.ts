import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  checkWindow,
  coveredThrough,
  cut,
  daysIn,
  isDay,
  subtract,
  subtractMonths,
  today,
} from './days.ts';

describe('days', () => {
  it('reads today in the account’s own time zone', () => {
    const now = new Date('2026-03-01T03:00:00Z');
    expect(today(now, 'UTC')).toBe('2026-03-01');
    expect(today(now, 'America/Los_Angeles')).toBe('2026-02-28');
    expect(today(now, 'Asia/Tokyo')).toBe('2026-03-01');
  });

  it('counts both ends of a window', () => {
    expect(daysIn({ start: '2026-10-01', end: '2026-10-31' })).toBe(31);
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
  });

  it('goes back by whole months and stops at the end of a shorter one', () => {
    expect(subtractMonths('2026-11-20', 6)).toBe('2026-05-20');
    expect(subtractMonths('2026-08-31', 6)).toBe('2026-02-28');
    expect(subtractMonths('2026-03-31', 13)).toBe('2025-02-28');
  });

  it('knows real days from impossible ones', () => {
    expect(['2026-02-29', '2026-13-01', '2026-1-1', 'today', ''].filter(isDay)).toEqual([]);
    expect(isDay('2024-02-29')).toBe(true);
  });

  it('cuts the same days into the same pieces whatever day the window begins on', () => {
    const pieces = cut({ start: '2026-09-15', end: '2026-11-10' }, 30);
    const later = cut({ start: '2026-09-16', end: '2026-11-10' }, 30);
    expect(pieces.slice(1)).toEqual(later.slice(1));
    expect(pieces.every((piece) => daysIn(piece) <= 30)).toBe(true);
  });

  it('cuts every window into pieces that follow each other without a hole or an overlap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20_000 }),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 90 }),
        (from, length, span) => {
          const start = addDays('1990-01-01', from);
          const end = addDays(start, length);
          const pieces = cut({ start, end }, span);
          expect(pieces[0]?.start).toBe(start);
          expect(pieces.at(-1)?.end).toBe(end);
          for (const [index, piece] of pieces.entries()) {
            expect(daysIn(piece)).toBeLessThanOrEqual(span);
            expect(piece.start).toBe(index === 0 ? start : addDays(pieces[index - 1]?.end ?? '', 1));
          }
        },
      ),
    );
  });

  it('subtracts what is taken from a window', () => {
    const window = { start: '2026-10-01', end: '2026-10-31' };
    const taken = [
      { start: '2026-10-20', end: '2026-10-25' },
      { start: '2026-09-01', end: '2026-10-03' },
      { start: '2026-10-22', end: '2026-10-24' },
    ];
    expect(subtract(window, taken)).toEqual([
      { start: '2026-10-04', end: '2026-10-19' },
      { start: '2026-10-26', end: '2026-10-31' },
    ]);
    expect(subtract(window, [{ start: '2026-09-01', end: '2026-12-01' }])).toEqual([]);
  });

  it('finds how far days are covered without a hole', () => {
    const windows = [
      { start: '2026-10-05', end: '2026-10-09' },
      { start: '2026-10-01', end: '2026-10-04' },
      { start: '2026-10-11', end: '2026-10-20' },
    ];
    expect(coveredThrough('2026-10-01', windows)).toBe('2026-10-09');
    expect(coveredThrough('2026-10-10', windows)).toBe('2026-10-09');
    expect(coveredThrough('2026-09-30', windows)).toBe('2026-09-29');
  });

  it('refuses days that are no days, out of order or in the future, and names the field', () => {
    const check = (start: string, end: string) => () => checkWindow({ start, end }, '2026-11-20', 'p/g');
    expect(check('2026-02-30', '2026-03-01')).toThrow(
      '[p/g] start_date is not a day: got "2026-02-30"; allowed: YYYY-MM-DD',
    );
    expect(check('2026-11-01', '2026-11-21')).toThrow(
      '[p/g] end_date is in the future: got "2026-11-21"; allowed: days up to 2026-11-20',
    );
    expect(check('2026-11-02', '2026-11-01')).toThrow(
      '[p/g] start_date is after end_date: got "2026-11-02 and 2026-11-01"; swap them',
    );
    expect(check('2026-11-01', '2026-11-20')).not.toThrow();
  });
});

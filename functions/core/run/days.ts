import type { DayWindow } from '../cursor.ts';
import { fatal } from '../errors.ts';

const dayMs = 86_400_000;

/** The calendar day `now` falls on in an IANA time zone, as `YYYY-MM-DD`. */
export function today(now: Date, timeZone: string): string {
  // The first formatter of a process takes 13 ms to make.
  if (timeZone === 'UTC') return now.toISOString().slice(0, 10);
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(now);
}

export function addDays(day: string, days: number): string {
  return fromNumber(toNumber(day) + days);
}

/** Days in the window, both ends included. */
export function daysIn({ start, end }: DayWindow): number {
  return toNumber(end) - toNumber(start) + 1;
}

/** The day that many months earlier; the month's last day where the month is shorter. */
export function subtractMonths(day: string, months: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  const wanted = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() - months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(wanted, last));
  return date.toISOString().slice(0, 10);
}

/**
 * Cuts a window at the borders of a fixed grid of `maxSpan` days since 1970, so that the same days fall into the same
 * pieces whatever day the run happens on.
 */
export function cut(window: DayWindow, maxSpan: number): DayWindow[] {
  const end = toNumber(window.end);
  const pieces: DayWindow[] = [];
  for (let from = toNumber(window.start); from <= end; ) {
    const to = Math.min(end, (Math.floor(from / maxSpan) + 1) * maxSpan - 1);
    pieces.push({ start: fromNumber(from), end: fromNumber(to) });
    from = to + 1;
  }
  return pieces;
}

/** The parts of `window` that none of `taken` covers, in order. */
export function subtract(window: DayWindow, taken: readonly DayWindow[]): DayWindow[] {
  const left: DayWindow[] = [];
  let from = window.start;
  for (const { start, end } of [...taken].sort((a, b) => (a.start < b.start ? -1 : 1))) {
    if (end < from || start > window.end) continue;
    if (start > from) left.push({ start: from, end: addDays(start, -1) });
    from = addDays(end, 1);
  }
  if (from <= window.end) left.push({ start: from, end: window.end });
  return left;
}

/** The last day that is covered without a hole from `from` on; the day before `from` when nothing covers it. */
export function coveredThrough(from: string, windows: readonly DayWindow[]): string {
  let through = addDays(from, -1);
  for (const { start, end } of [...windows].sort((a, b) => (a.start < b.start ? -1 : 1))) {
    if (start > addDays(through, 1)) break;
    if (end > through) through = end;
  }
  return through;
}

/** @throws fatal `bad-input` unless both are real days in order and not after `lastDay` */
export function checkWindow({ start, end }: DayWindow, lastDay: string, where: string): void {
  for (const [field, day] of [
    ['start_date', start],
    ['end_date', end],
  ] as const) {
    if (!isDay(day))
      throw fatal('bad-input', { where, what: `${field} is not a day`, got: day, allowed: 'YYYY-MM-DD' });
    if (day > lastDay)
      throw fatal('bad-input', {
        where,
        what: `${field} is in the future`,
        got: day,
        allowed: `days up to ${lastDay}`,
      });
  }
  if (start > end)
    throw fatal('bad-input', {
      where,
      what: 'start_date is after end_date',
      got: `${start} and ${end}`,
      todo: 'swap them',
    });
}

export function isDay(text: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(toNumber(text)) && fromNumber(toNumber(text)) === text
  );
}

function toNumber(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / dayMs;
}

function fromNumber(days: number): string {
  return new Date(days * dayMs).toISOString().slice(0, 10);
}

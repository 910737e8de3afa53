import { type DayWindow, type WriteMode, writeModes } from '../functions/core/cursor.ts';
import { fatal } from '../functions/core/errors.ts';
import { addDays, isDay } from '../functions/core/run/days.ts';

/**
 * The days that `--from` and `--to` name; `--to` alone is wrong, `--from` alone reaches up to yesterday.
 *
 * @throws fatal `bad-input` unless both are real days, in order and not after `today`
 */
export function parseWindow(
  from: string | undefined,
  to: string | undefined,
  today: string,
): DayWindow | undefined {
  if (from === undefined && to === undefined) return undefined;
  if (from === undefined) throw fatal('bad-input', { what: '--to needs --from', todo: 'name the first day' });
  const yesterday = addDays(today, -1);
  const window = { start: from, end: to ?? (from > yesterday ? from : yesterday) };
  for (const [option, day] of [
    ['--from', window.start],
    ['--to', window.end],
  ] as const) {
    if (!isDay(day))
      throw fatal('bad-input', { what: `${option} is not a day`, got: day, allowed: 'YYYY-MM-DD' });
    if (day > today)
      throw fatal('bad-input', {
        what: `${option} is in the future`,
        got: day,
        allowed: `days up to today, ${today}`,
      });
  }
  if (window.start > window.end)
    throw fatal('bad-input', {
      what: '--from is after --to',
      got: `${window.start} and ${window.end}`,
      todo: 'swap them',
    });
  return window;
}

/** @throws fatal `bad-input` unless it is a whole number from 1 to 120 */
export function parseMonths(text: string): number {
  const months = Number(text);
  if (!/^\d+$/.test(text) || months < 1 || months > 120)
    throw fatal('bad-input', {
      what: '--months is not a number of months',
      got: text,
      allowed: 'whole numbers from 1 to 120',
    });
  return months;
}

/** @throws fatal `bad-input` unless it is one of the write modes */
export function parseWriteMode(text: string | undefined): WriteMode | undefined {
  const mode = writeModes.find((each) => each === text);
  if (text !== undefined && mode === undefined)
    throw fatal('bad-input', { what: '--write-mode is unknown', got: text, allowed: writeModes });
  return mode;
}

/** @throws fatal `bad-input` unless it is a TCP port */
export function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw fatal('bad-input', { what: '--sandbox-port is not a port', got: text, allowed: '1 to 65535' });
  return port;
}

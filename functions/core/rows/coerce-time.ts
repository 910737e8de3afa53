import { Bad } from './bad.ts';

const daySeconds = 86_400;
/** 0001-01-01T00:00:00 and 9999-12-31T23:59:59: BigQuery's first and last second. */
const [firstSecond, lastSecond] = [-62_135_596_800, 253_402_300_799];
/** A text that is longer is no moment, whatever it begins with. */
const longest = 60;

const midnight = /^(\d{4}-\d{2}-\d{2})[T ]00:00(?::00(?:\.0+)?)?Z?$/;

/** DATE: `YYYY-MM-DD`, also with a midnight behind it, as TikTok writes days. */
export function toDate(value: unknown): string | Bad {
  if (typeof value !== 'string') return new Bad('is not a date as YYYY-MM-DD', value);
  if (dayNumber(value) !== undefined) return value;
  const match = value.length > longest ? null : midnight.exec(value);
  if (match?.[1] === undefined || dayNumber(match[1]) === undefined)
    return new Bad('is not a date as YYYY-MM-DD', value);
  return match[1];
}

/** TIME: `HH:MM:SS` with up to six digits of a second. */
export function toTime(value: unknown): string | Bad {
  if (typeof value === 'string' && /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?$/.test(value))
    return value;
  return new Bad('is not a time as HH:MM:SS', value);
}

const moment =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/;

/** DATETIME: date and time of day without a zone, `YYYY-MM-DD HH:MM:SS[.ffffff]`; a date alone is its midnight. */
export function toDatetime(value: unknown): string | Bad {
  const reason = 'is not a date and time without a zone as YYYY-MM-DD HH:MM:SS';
  if (typeof value !== 'string') return new Bad(reason, value);
  if (dayNumber(value) !== undefined) return `${value} 00:00:00`;
  const match = value.length > longest ? null : moment.exec(value);
  if (match === null || match[6] !== undefined || secondsOf(match) === undefined)
    return new Bad(reason, value);
  const [, day, hour, minute, second = '00', fraction] = match;
  return `${day} ${hour}:${minute}:${second}${fraction === undefined ? '' : `.${fraction}`}`;
}

/**
 * TIMESTAMP: microseconds since 1970 UTC, from a `Date` or ISO text; text without a zone is UTC. Numbers are refused,
 * because nobody can tell seconds from milliseconds: the source says which it means by making a `Date`.
 */
export function toTimestamp(value: unknown): bigint | Bad {
  if (value instanceof Date) {
    const ms = value.getTime();
    if (Number.isNaN(ms)) return new Bad('is an invalid Date', String(value));
    const seconds = Math.floor(ms / 1000);
    return microseconds(seconds, (ms - seconds * 1000) * 1000, value);
  }
  if (typeof value !== 'string') return new Bad('is not a moment: give ISO text or a Date', value);
  const day = dayNumber(value);
  if (day !== undefined) return microseconds(day * daySeconds, 0, value);
  const match = value.length > longest ? null : moment.exec(value);
  const seconds = match === null ? undefined : secondsOf(match);
  const offset = match === null ? undefined : offsetSeconds(match[6]);
  if (match === null || seconds === undefined || offset === undefined)
    return new Bad('is not a moment as YYYY-MM-DD HH:MM:SS[.ffffff][zone]', value);
  const fraction = match[5] === undefined ? 0 : Number(match[5].padEnd(6, '0'));
  return microseconds(seconds - offset, fraction, value);
}

function microseconds(seconds: number, micros: number, value: unknown): bigint | Bad {
  if (seconds < firstSecond || seconds > lastSecond) return new Bad('is outside the years 1 to 9999', value);
  const total = seconds * 1_000_000 + micros;
  return Number.isSafeInteger(total) ? BigInt(total) : BigInt(seconds) * 1_000_000n + BigInt(micros);
}

/** Days since 1970, or undefined when there is no such day. */
function dayNumber(text: string): number | undefined {
  if (text.length !== 10 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  // BigQuery's dates begin with the year 1.
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month))) return undefined;
  // Days since 0000-03-01, so that a leap day is the last of its year; Date would be several times slower.
  const marchYear = month <= 2 ? year - 1 : year;
  const marchDay = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + marchDay - 719_468;
}

/** NaN when one of the characters is no digit. */
function digits(text: string, from: number, to: number): number {
  let number = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

function secondsOf(match: RegExpExecArray): number | undefined {
  const [, day = '', hour, minute, second = '0'] = match;
  const days = dayNumber(day);
  if (days === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  return days * daySeconds + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
}

function offsetSeconds(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'UTC') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 14 || minutes > 59) return undefined;
  const seconds = hours * 3600 + minutes * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}

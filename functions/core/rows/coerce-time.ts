import { Bad } from './bad.ts';

const dayMs = 86_400_000;

/** DATE: `YYYY-MM-DD`, also with a midnight behind it, as TikTok writes days. */
export function toDate(value: unknown): string | Bad {
  if (typeof value !== 'string') return new Bad('is not a date as YYYY-MM-DD', value);
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?$/.exec(value);
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
  const match = moment.exec(value);
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
    return Number.isNaN(ms) ? new Bad('is an invalid Date', String(value)) : BigInt(ms) * 1000n;
  }
  if (typeof value !== 'string') return new Bad('is not a moment: give ISO text or a Date', value);
  const day = dayNumber(value);
  if (day !== undefined) return BigInt(day * dayMs) * 1000n;
  const match = moment.exec(value);
  const seconds = match === null ? undefined : secondsOf(match);
  if (match === null || seconds === undefined)
    return new Bad('is not a moment as YYYY-MM-DD HH:MM:SS[.ffffff][zone]', value);
  const micros = BigInt((match[5] ?? '').padEnd(6, '0'));
  return BigInt(seconds - offsetSeconds(match[6])) * 1_000_000n + micros;
}

/** Days since 1970, or undefined when there is no such day. */
function dayNumber(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8))];
  const ms = new Date(0).setUTCFullYear(year, month - 1, day);
  // BigQuery's dates begin with the year 1; a month or day that overflows lands in another month.
  if (year < 1 || new Date(ms).getUTCMonth() !== month - 1 || day < 1) return undefined;
  return ms / dayMs;
}

function secondsOf(match: RegExpExecArray): number | undefined {
  const [, day = '', hour, minute, second = '0'] = match;
  const days = dayNumber(day);
  if (days === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  return days * 86_400 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
}

function offsetSeconds(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'UTC') return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}

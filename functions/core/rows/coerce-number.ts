import { Bad } from './bad.ts';

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/** No number of any type is longer; a cell of 100 MB is not worth a regular expression. */
const longestNumber = 1000;

/** INTEGER: whole numbers within 64 bits, also as text (`12`, `12.0`). */
export function toInteger(value: unknown): bigint | Bad {
  if (typeof value === 'bigint') return inInt64(value);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return BigInt(value);
    // Beyond 2^53 a number may have lost digits already; a lossless parser would have handed over a bigint.
    return new Bad(
      Number.isInteger(value) ? 'is beyond 2^53 and may have lost digits' : 'is not a whole number',
      value,
    );
  }
  if (typeof value === 'string' && value.length <= longestNumber) {
    if (isShortDigits(value)) return BigInt(Number(value));
    const match = /^\s*\+?(-?\d+)(?:\.0*)?\s*$/.exec(value);
    if (match?.[1] !== undefined) return inInt64(BigInt(match[1]));
  }
  return new Bad('is not a whole number', value);
}

/** Digits that a number holds exactly: most integers in most texts, and no regular expression is as fast. */
function isShortDigits(text: string): boolean {
  if (text.length === 0 || text.length > 15) return false;
  for (let at = 0; at < text.length; at += 1) if (!isDigit(text.charCodeAt(at))) return false;
  return true;
}

/** Digits, or digits, a point and digits: the same for decimals. */
function isPlain(text: string): boolean {
  const last = text.length - 1;
  if (last > 20 || !isDigit(text.charCodeAt(0)) || !isDigit(text.charCodeAt(last))) return false;
  let points = 0;
  for (let at = 1; at < last; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 46) points += 1;
    else if (!isDigit(code)) return false;
  }
  return points <= 1;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

const beyondNumbers = ['NaN', 'Infinity', '-Infinity'];

/** FLOAT: finite numbers, also as text; NaN and the infinities only as the texts that databases write on purpose. */
export function toFloat(value: unknown): number | Bad {
  if (typeof value === 'number')
    return Number.isFinite(value) ? value : new Bad('is not a finite number', value);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' && (isPlain(value) || isDecimal(value))) {
    const number = Number(value);
    if (Number.isFinite(number)) return number;
  }
  if (typeof value === 'string' && beyondNumbers.includes(value)) return Number(value);
  return new Bad('is not a number', value);
}

/**
 * NUMERIC and BIGNUMERIC: exact decimals as text.
 *
 * @param whole digits before the point (NUMERIC 29, BIGNUMERIC 38)
 * @param scale digits after it (NUMERIC 9, BIGNUMERIC 38)
 */
export function toDecimal(whole: number, scale: number): (value: unknown) => string | Bad {
  return (value) => {
    const text = typeof value === 'number' ? plain(value) : typeof value === 'bigint' ? String(value) : value;
    if (typeof text !== 'string' || text.length > longestNumber) return new Bad('is not a number', value);
    const match = /^\s*([+-]?)0*(\d*)(?:\.(\d*?)0*)?\s*$/.exec(text);
    if (match === null || !/\d/.test(text)) return new Bad('is not a decimal number', value);
    const [, sign = '', before = '', after = ''] = match;
    if (before.length > whole) return new Bad(`has more than ${whole} digits before the point`, value);
    if (after.length > scale) return new Bad(`has more than ${scale} digits after the point`, value);
    const digits = `${before === '' ? '0' : before}${after === '' ? '' : `.${after}`}`;
    return sign === '-' && digits !== '0' ? `-${digits}` : digits;
  };
}

function inInt64(value: bigint): bigint | Bad {
  return value < minInt64 || value > maxInt64 ? new Bad('does not fit into 64 bits', value) : value;
}

function isDecimal(text: string): boolean {
  return text.length <= longestNumber && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text);
}

/** A number without an exponent, digit for digit as JavaScript prints it. */
function plain(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', first = '', rest = '', exponent = '0'] = match;
  const shift = Number(exponent);
  const digits = `${first}${rest}`;
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - 1)}${digits}`;
  return `${sign}${digits.padEnd(shift + 1, '0')}`;
}

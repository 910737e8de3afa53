import { Bad } from './bad.ts';

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

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
  if (typeof value === 'string') {
    const match = /^\s*([+-]?\d+)(?:\.0*)?\s*$/.exec(value);
    return match?.[1] === undefined ? new Bad('is not a whole number', value) : inInt64(BigInt(match[1]));
  }
  return new Bad('is not a whole number', value);
}

/** FLOAT: finite numbers, also as text. */
export function toFloat(value: unknown): number | Bad {
  if (typeof value === 'number')
    return Number.isFinite(value) ? value : new Bad('is not a finite number', value);
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'string' && isDecimal(value)) {
    const number = Number(value);
    if (Number.isFinite(number)) return number;
  }
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
    if (typeof text !== 'string') return new Bad('is not a number', value);
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
  return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text);
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

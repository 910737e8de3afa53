import { stringifyJson } from '../http/json.ts';
import { Bad } from './bad.ts';
import { RawJson } from './raw-json.ts';

/**
 * STRING: text; numbers and booleans as text. NUL characters stay; lone surrogates, which no warehouse stores, become
 * U+FFFD, since a vendor that cuts a text in the middle of a character has not made the row wrong.
 */
export function toText(value: unknown): string | Bad {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return new Bad('is not a finite number', value);
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      return new Bad('is beyond 2^53 and may have lost digits', value);
    return String(value);
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return new Bad('is not text', value);
}

/** BYTES: bytes, or text in base64. */
export function toBytes(value: unknown): Uint8Array | Bad {
  if (value instanceof Uint8Array) return value;
  if (
    typeof value === 'string' &&
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
  )
    return Uint8Array.from(Buffer.from(value, 'base64'));
  return new Bad('is not bytes or base64', value);
}

/** BOOLEAN: true and false, also as text or 1 and 0. */
export function toBoolean(value: unknown): boolean | Bad {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === 1n) return true;
  if (value === 0 || value === 0n) return false;
  if (typeof value === 'string') {
    const text = value.toLowerCase();
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
  }
  return new Bad('is not true or false', value);
}

/** Half a surrogate pair, as JSON writes it: legal there, but not in what a warehouse makes of it. */
const loneSurrogate = /(?<!\\)((?:\\\\)*)\\ud[89a-f][\da-f]{2}/g;

/** JSON: any value, as its text; text becomes a JSON string. Integers beyond 2^53 keep their digits. */
export function toJson(value: unknown): string | Bad {
  if (typeof value === 'number' && !Number.isFinite(value)) return new Bad('is not a finite number', value);
  const text = value instanceof RawJson ? value.text : jsonText(value);
  if (text === undefined) return new Bad('cannot be written as JSON', value);
  return text.includes('\\ud') ? text.replace(loneSurrogate, '$1\\ufffd') : text;
}

/** JSON.stringify refuses bigint, and the replacer that does not makes it several times slower. */
function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    try {
      return stringifyJson(value);
    } catch {
      return undefined;
    }
  }
}

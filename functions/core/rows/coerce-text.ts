import { stringifyJson } from '../http/json.ts';
import { Bad } from './bad.ts';

/** STRING: text; numbers and booleans as text. Lone surrogates, which no warehouse stores, become U+FFFD. */
export function toText(value: unknown): string | Bad {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
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

/** JSON: any value, as its text; text becomes a JSON string. Integers beyond 2^53 keep their digits. */
export function toJson(value: unknown): string {
  return stringifyJson(value) ?? 'null';
}

/** A shorter text is hidden whole: four characters of it would be most of it. */
const shortest = 8;
/** Longest text that a mask shows, in characters. */
const longest = 12;

/**
 * A value with its middle hidden, for quarantine rows and errors: two characters at each end at most, and none of a
 * short value. Looks only at the ends, so a cell of 100 MB costs nothing.
 */
export function mask(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'object')
    return value instanceof Uint8Array
      ? `bytes(${value.length})`
      : Array.isArray(value)
        ? `list(${value.length})`
        : 'object';
  const text = typeof value === 'string' ? value : String(value);
  if (text.length === 0) return '""';
  if (text.length < shortest) return '*'.repeat(text.length);
  const hidden = text.length - 4 > longest - 4 ? `…(${text.length})…` : '*'.repeat(text.length - 4);
  return `${text.slice(0, 2)}${hidden}${text.slice(-2)}`.toWellFormed();
}

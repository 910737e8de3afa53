import { NotPlain } from './not-plain.ts';

const [mark, backslash, minus, zero, nine, point] = [0x22, 0x5c, 0x2d, 0x30, 0x39, 0x2e];
const [openObject, closeObject, openList, closeList, comma, colon] = [0x7b, 0x7d, 0x5b, 0x5d, 0x2c, 0x3a];
/** `" \ / b f n r t` */
const escapable = new Set([0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74]);
/** Values in values beyond this are left to the checked reader. */
const deepest = 64;

/**
 * The place behind a string's closing quote; negative when it has escapes.
 *
 * @throws NotPlain for what is no string, and for escapes that readers take in different ways: NUL, halves of a pair
 */
export function pastString(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== mark) throw new NotPlain();
  let hasEscape = false;
  for (let at = from + 1; ; at += 1) {
    const byte = bytes[at];
    if (byte === mark) return hasEscape ? -at - 1 : at + 1;
    if (byte === undefined || byte < 0x20) throw new NotPlain();
    if (byte !== backslash) continue;
    hasEscape = true;
    at += 1;
    const escaped = bytes[at] ?? 0;
    if (escapable.has(escaped)) continue;
    if (escaped !== 0x75) throw new NotPlain();
    const code = hexOf(bytes, at + 1);
    if (code === 0 || (code >= 0xd800 && code <= 0xdfff)) throw new NotPlain();
    at += 4;
  }
}

function hexOf(bytes: Uint8Array, from: number): number {
  let code = 0;
  for (let at = from; at < from + 4; at += 1) {
    const digit = Number.parseInt(String.fromCharCode(bytes[at] ?? 0), 16);
    if (Number.isNaN(digit)) throw new NotPlain();
    code = code * 16 + digit;
  }
  return code;
}

/** The place behind a number, which has no zero before other digits. What else it holds is for others to check. */
export function pastNumber(bytes: Uint8Array, from: number): number {
  const start = bytes[from] === minus ? from + 1 : from;
  if (bytes[start] === zero && isDigit(bytes[start + 1])) throw new NotPlain();
  let at = start;
  for (; ; at += 1) {
    const byte = bytes[at] ?? 0;
    // Digits, a point, an exponent with its sign.
    const isPart =
      isDigit(byte) || byte === point || byte === 0x65 || byte === 0x45 || byte === 0x2b || byte === minus;
    if (!isPart) break;
  }
  if (at === start) throw new NotPlain();
  return at;
}

export function pastWord(bytes: Uint8Array, from: number, word: string): number {
  for (let index = 0; index < word.length; index += 1)
    if (bytes[from + index] !== word.charCodeAt(index)) throw new NotPlain();
  return from + word.length;
}

/** The place behind any value without blanks between its parts; numbers have at most 15 digits and no exponent. */
export function pastJson(bytes: Uint8Array, from: number, depth = 0): number {
  if (depth > deepest) throw new NotPlain();
  switch (bytes[from]) {
    case mark:
      return Math.abs(pastString(bytes, from));
    case 0x74:
      return pastWord(bytes, from, 'true');
    case 0x66:
      return pastWord(bytes, from, 'false');
    case 0x6e:
      return pastWord(bytes, from, 'null');
    case openObject:
      return pastItems(bytes, from, closeObject, (at) => {
        const key = Math.abs(pastString(bytes, at));
        if (bytes[key] !== colon) throw new NotPlain();
        return pastJson(bytes, key + 1, depth + 1);
      });
    case openList:
      return pastItems(bytes, from, closeList, (at) => pastJson(bytes, at, depth + 1));
    default:
      return pastShortNumber(bytes, from);
  }
}

function pastItems(bytes: Uint8Array, from: number, end: number, past: (at: number) => number): number {
  if (bytes[from + 1] === end) return from + 2;
  let at = from;
  do at = past(at + 1);
  while (bytes[at] === comma);
  if (bytes[at] !== end) throw new NotPlain();
  return at + 1;
}

/** A number that readers write again as it was: whole, or a fraction that ends in another digit than zero. */
function pastShortNumber(bytes: Uint8Array, from: number): number {
  const end = pastNumber(bytes, from);
  const start = bytes[from] === minus ? from + 1 : from;
  let points = 0;
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === point) points += 1;
    else if (!isDigit(bytes[at])) throw new NotPlain();
  }
  const isFraction =
    points === 1 && isDigit(bytes[start]) && isDigit(bytes[end - 1]) && bytes[end - 1] !== zero;
  // Small fractions are written with an exponent by some.
  const isSmall = bytes[start] === zero && bytes[start + 2] === zero;
  const isPlain = points === 0 ? bytes[start] !== zero || end === start + 1 : isFraction && !isSmall;
  if (!isPlain || end - start > 15 || (bytes[from] === minus && bytes[start] === zero && points === 0))
    throw new NotPlain();
  return end;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}

/** A double quote in each byte of a word. */
const quotes = 0x22222222;
const lowBits = 0x7f7f7f7f;
const none = new Int32Array(0);

/**
 * True when bytes hold an odd number of double quotes: then a text that began outside of quotes ends inside. Looks at
 * four bytes at a time, because all bytes of a load pass through here.
 */
export function hasOddQuotes(bytes: Uint8Array): boolean {
  let isOdd = false;
  let at = 0;
  const aligned = Math.min(bytes.length, (4 - (bytes.byteOffset & 3)) & 3);
  for (; at < aligned; at += 1) if (bytes[at] === 0x22) isOdd = !isOdd;
  const count = (bytes.length - at) >> 2;
  const words = count === 0 ? none : new Int32Array(bytes.buffer, bytes.byteOffset + at, count);
  // A byte of `found` has its highest bit set where the word has a quote an odd number of times so far.
  let found = 0;
  for (let index = 0; index < words.length; index += 1) {
    const rest = (words[index] as number) ^ quotes;
    found ^= ~(((rest & lowBits) + lowBits) | rest | lowBits);
  }
  for (at += words.length * 4; at < bytes.length; at += 1) if (bytes[at] === 0x22) isOdd = !isOdd;
  for (let bit = 7; bit < 32; bit += 8) if ((found >>> bit) & 1) isOdd = !isOdd;
  return isOdd;
}

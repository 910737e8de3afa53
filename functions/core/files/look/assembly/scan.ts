/** The first place with one of four bytes. Sixteen bytes are looked at together. */
export function findFour(from: usize, end: usize, a: u8, b: u8, c: u8, d: u8): usize {
  const first = i8x16.splat(a);
  const second = i8x16.splat(b);
  const third = i8x16.splat(c);
  const fourth = i8x16.splat(d);
  for (let at = from; at < end; at += 16) {
    const bytes = v128.load(at);
    const found = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, first), i8x16.eq(bytes, second)),
        v128.or(i8x16.eq(bytes, third), i8x16.eq(bytes, fourth)),
      ),
    );
    if (found !== 0) return min(at + ctz(found), end);
  }
  return end;
}

/** The first place with one of two bytes. */
export function findTwo(from: usize, end: usize, a: u8, b: u8): usize {
  const first = i8x16.splat(a);
  const second = i8x16.splat(b);
  for (let at = from; at < end; at += 16) {
    const bytes = v128.load(at);
    const found = i8x16.bitmask(v128.or(i8x16.eq(bytes, first), i8x16.eq(bytes, second)));
    if (found !== 0) return min(at + ctz(found), end);
  }
  return end;
}

/** The first place with a quote, a backslash or a control character. */
export function findInString(from: usize, end: usize): usize {
  const mark = i8x16.splat(0x22);
  const backslash = i8x16.splat(0x5c);
  const blank = i8x16.splat(0x20);
  for (let at = from; at < end; at += 16) {
    const bytes = v128.load(at);
    const special = v128.or(i8x16.eq(bytes, mark), i8x16.eq(bytes, backslash));
    const found = i8x16.bitmask(v128.or(special, i8x16.lt_u(bytes, blank)));
    if (found !== 0) return min(at + ctz(found), end);
  }
  return end;
}

export function isDigit(byte: u8): bool {
  return <u8>(byte - 0x30) <= 9;
}

/** The first place that is no digit. */
export function pastDigits(from: usize, end: usize): usize {
  let at = from;
  while (at < end && isDigit(load<u8>(at))) at += 1;
  return at;
}

/** Zero behind the end. */
export function byteAt(at: usize, end: usize): u8 {
  return at < end ? load<u8>(at) : 0;
}

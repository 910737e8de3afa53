/**
 * Finds what may be wrong with whole numbers and with dates and times, sixteen bytes at a time, whatever column it is in. In
 * AssemblyScript, as `../../look/assembly`.
 */

/** Bytes before those to search that are no part of them. */
const history: usize = 16;

/** All bits, or none when no column has such cells. */
let inWhole: v128 = i8x16.splat(0);
let inMoments: v128 = i8x16.splat(0);
let mark: v128 = i8x16.splat(0);

/**
 * Bytes that are doubtful behind a digit, with bit 0x20 set so that letters are small: `.` `e` `x` `b` `_` of whole numbers,
 * `.` `+` `z` of moments. A byte is one when its low and its high four bits share a group.
 */
let low: v128 = i8x16.splat(0);
const high: v128 = i8x16(0, 0, 1, 0, 0, 0, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0);

/** @returns the place for so many bytes; what is behind them may be read too */
export function begin(quote: u8, hasWhole: bool, hasMoments: bool, bytes: usize): usize {
  mark = i8x16.splat(quote);
  inWhole = i8x16.splat(hasWhole ? -1 : 0);
  inMoments = i8x16.splat(hasMoments ? -1 : 0);
  const whole = i8x16(0, 0, 2, 0, 0, 2, 0, 0, 4, 0, 0, 0, 0, 0, 1, 4);
  const moment = i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 1, 0);
  low = v128.or(v128.and(whole, inWhole), v128.and(moment, inMoments));
  const place = heap.alloc(history + bytes + 16) + history;
  for (let at = place - history; at < place; at += 1) store<u8>(at, 0x0a);
  return place;
}

/**
 * The first byte that ends something doubtful; `end` when there is none before it.
 *
 * @param from the beginning of a line
 */
export function findDoubt(from: usize, end: usize): usize {
  for (let at = from; at < end; at += 16) {
    const now = v128.load(at);
    const before = v128.load(at - 1);
    const second = v128.load(at - 2);
    const isQuote = i8x16.eq(now, mark);
    const folded = v128.or(now, i8x16.splat(0x20));
    const group = v128.and(
      i8x16.swizzle(low, v128.and(folded, i8x16.splat(15))),
      i8x16.swizzle(high, i8x16.shr_u(folded, 4)),
    );
    const isBehindDigit = v128.and(group, isDigit(before));
    const isFraction = v128.and(i8x16.eq(before, i8x16.splat(0x2e)), isDigit(now));
    // A sign with blanks behind it, which DuckDB takes for 0.
    const isBlank = v128.andnot(i8x16.lt_u(now, i8x16.splat(0x21)), i8x16.eq(now, i8x16.splat(0x0a)));
    const isSign = v128.or(i8x16.eq(before, i8x16.splat(0x2b)), i8x16.eq(before, i8x16.splat(0x2d)));
    const isNumber = v128.and(v128.or(isFraction, v128.and(isSign, isBlank)), inWhole);
    // `:05-02` and `:5-02`
    const third = v128.load(at - 3);
    const colons = v128.or(i8x16.eq(second, i8x16.splat(0x3a)), i8x16.eq(third, i8x16.splat(0x3a)));
    const isOffset = v128.and(i8x16.eq(now, i8x16.splat(0x2d)), colons);
    const isUtc = v128.and(
      v128.and(i8x16.eq(now, i8x16.splat(0x43)), i8x16.eq(before, i8x16.splat(0x54))),
      i8x16.eq(second, i8x16.splat(0x55)),
    );
    const isYearZero = v128.and(
      v128.and(i8x16.eq(now, i8x16.splat(0x30)), i8x16.eq(before, i8x16.splat(0x30))),
      v128.and(i8x16.eq(second, i8x16.splat(0x30)), i8x16.eq(third, i8x16.splat(0x30))),
    );
    const isMoment = v128.and(v128.or(v128.or(isOffset, isUtc), isYearZero), inMoments);
    const isDoubtful = v128.or(v128.or(isBehindDigit, isNumber), v128.or(isMoment, isQuote));
    if (v128.any_true(isDoubtful))
      return min(at + ctz(i8x16.bitmask(i8x16.ne(isDoubtful, i8x16.splat(0)))), end);
  }
  return end;
}

function isDigit(bytes: v128): v128 {
  return i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
}

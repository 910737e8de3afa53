/** Loads of 16 bytes may begin at the last byte of a block. */
const padding: usize = 16;

let top: usize = __heap_base;
let capacity: usize = 0;

/** The bytes that are looked at: what an earlier chunk left of its last record, and the chunk behind it. */
export let buffer: usize = 0;
/** Bytes that were left. */
export let held: usize = 0;
/** As large as the buffer. */
export let copies: usize = 0;

/** A block of memory, for good. */
export function reserve(bytes: usize): usize {
  const at = (top + 15) & ~15;
  top = at + bytes + padding;
  const pages = <i32>((top + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) unreachable();
  return at;
}

/** @returns the place where a chunk is to be put */
export function room(bytes: usize): usize {
  if (held + bytes > capacity) {
    // Blocks are not given back, so each is twice as large as the one before.
    capacity = max(held + bytes, 2 * capacity);
    const larger = reserve(capacity);
    memory.copy(larger, buffer, held);
    buffer = larger;
    copies = reserve(capacity);
  }
  return buffer + held;
}

/** Keeps the bytes from a place on for the next chunk. */
export function keep(from: usize, end: usize): void {
  held = end - from;
  memory.copy(buffer, from, held);
}

/** Keeps a whole chunk. */
export function hold(bytes: usize): void {
  held += bytes;
}

/** Numbers in [0, 1) that depend on nothing but the key: the same ad and day give the same figures in any query. */
export function createRandom(...key: readonly number[]): () => number {
  let state = 0x9e3779b9;
  for (const part of key) state = mix(state ^ part) + 0x6d2b79f5;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return (mix(state) >>> 0) / 2 ** 32;
  };
}

function mix(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return bits ^ (bits >>> 15);
}

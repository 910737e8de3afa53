/** CRC-32 by Castagnoli's polynomial, reflected. */
const polynomial = 0x82f63b78;

/** Four tables, so that four bytes are one step. */
const tables = makeTables();

function makeTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    first[byte] = value;
  }
  const next = (table: Uint32Array) =>
    table.map((value) => (value >>> 8) ^ (first[value & 255] as number)) as Uint32Array<ArrayBuffer>;
  const second = next(first);
  const third = next(second);
  return [first, second, third, next(third)];
}

/** The checksum that GCS keeps of every object; its md5 is missing where an object was composed. */
export function createCrc32c(): { update(bytes: Uint8Array): void; base64(): string } {
  const [t0, t1, t2, t3] = tables;
  let crc = 0xffffffff;
  return {
    update(bytes) {
      let value = crc;
      let at = 0;
      const whole = bytes.length - (bytes.length % 4);
      for (; at < whole; at += 4) {
        value ^=
          (bytes[at] as number) |
          ((bytes[at + 1] as number) << 8) |
          ((bytes[at + 2] as number) << 16) |
          ((bytes[at + 3] as number) << 24);
        value =
          (t3[value & 255] as number) ^
          (t2[(value >>> 8) & 255] as number) ^
          (t1[(value >>> 16) & 255] as number) ^
          (t0[value >>> 24] as number);
      }
      for (; at < bytes.length; at += 1)
        value = (value >>> 8) ^ (t0[(value ^ (bytes[at] as number)) & 255] as number);
      crc = value;
    },
    base64() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
      return bytes.toString('base64');
    },
  };
}

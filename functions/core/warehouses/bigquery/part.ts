import { once } from 'node:events';
import { createGzip } from 'node:zlib';

/** Compressed lines that wait for a load job. */
export interface Part {
  readonly bytes: number;
  readonly rows: number;
  write(text: string, rows: number): Promise<void>;
  finish(): Promise<Uint8Array>;
}

export function createPart(): Part {
  const gzip = createGzip({ level: 4 });
  const chunks: Buffer[] = [];
  let bytes = 0;
  let rows = 0;
  gzip.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
  });
  return {
    get bytes() {
      return bytes;
    },
    get rows() {
      return rows;
    },
    async write(text, count) {
      rows += count;
      if (!gzip.write(text)) await once(gzip, 'drain');
    },
    async finish() {
      gzip.end();
      await once(gzip, 'end');
      return Buffer.concat(chunks);
    },
  };
}

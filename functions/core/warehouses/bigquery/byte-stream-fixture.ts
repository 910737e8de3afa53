import type { ByteStream } from '../../bytes.ts';

/** A stream of canonical CSV that comes in chunks; opened again, it gives the same. */
export function csvStream(
  columns: readonly string[],
  csv: string,
  options: { readonly chunkBytes?: number; readonly rows?: number; readonly breakAfter?: number } = {},
): ByteStream & { readonly opened: number } {
  const bytes = Buffer.from(csv);
  const { chunkBytes = 1000, rows, breakAfter } = options;
  let opened = 0;
  return {
    formats: ['csv'],
    columns,
    get opened() {
      return opened;
    },
    open() {
      opened += 1;
      return {
        chunks: (async function* () {
          for (let at = 0; at < bytes.length; at += chunkBytes) {
            if (breakAfter !== undefined && at >= breakAfter) throw new Error('connection reset');
            yield bytes.subarray(at, at + chunkBytes);
          }
        })(),
        rows: () => rows,
      };
    },
  };
}

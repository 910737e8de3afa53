import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteStream } from '../../../bytes.ts';
import type { FileRef } from '../../../extract.ts';
import type { TableTarget } from '../../../pipeline.ts';
import type { LoadedFiles } from '../../warehouse.ts';

/** Files of this machine go through the checked reader, and what is good of them is piped. */
export async function loadLocal(
  {
    target,
    origin,
    files,
  }: { readonly target: TableTarget; readonly origin: string; readonly files: readonly FileRef[] },
  pipe: (streams: readonly ByteStream[]) => Promise<LoadedFiles>,
): Promise<LoadedFiles> {
  const { checkFiles } = await import('../../../files/check-files.ts');
  const folder = await mkdtemp(join(tmpdir(), 'catchment-load-'));
  try {
    const { path, rows, read, bytes, quarantined, drift } = await checkFiles({
      target,
      origin,
      files,
      to: 'csv',
      folder,
    });
    const names = [...target.columns.map(({ name }) => name), '_origin', '_extra'];
    const piped = await pipe([fileStream(path, names, rows)]);
    return { read, bytes, quarantined: [...quarantined, ...piped.quarantined], drift };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function fileStream(path: string, columns: readonly string[], rows: number): ByteStream {
  return {
    formats: ['csv'],
    columns,
    open: () => ({ chunks: createReadStream(path, { highWaterMark: 1 << 20 }), rows: () => rows }),
  };
}

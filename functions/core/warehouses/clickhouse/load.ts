import type { FileRef } from '../../extract.ts';
import { isNotPlain } from '../../files/not-plain.ts';
import { createScratch } from '../../run/scratch.ts';
import { isBadData, isDamage, refusalOf } from './errors.ts';
import { postable } from './postable.ts';
import type { Staged, StageWriter } from './stage.ts';

/**
 * Loads local files. CSV and JSON Lines go to the server as they are while all their cells are plain, and Parquet whose
 * footer proves that they fit; when a cell is not, or is refused, and for all other files, the checked reader tells bad
 * rows from good ones first.
 */
export async function loadFiles(writer: StageWriter, files: readonly FileRef[]): Promise<Staged> {
  const plain = await Promise.all(files.map((file) => postable(writer, file)));
  if (plain.every((file) => file !== undefined)) {
    try {
      const staged = await writer.insertAll(
        plain.map(({ insertion }) => insertion),
        1,
      );
      const bytes = plain.reduce((sum, { size }) => sum + size, 0);
      return { read: staged, staged, bytes, quarantined: [], drift: [] };
    } catch (error) {
      const refusal = refusalOf(error);
      if (!isNotPlain(error) && (refusal === undefined || !(isBadData(refusal) || isDamage(refusal))))
        throw error;
    }
  }
  const { checkFiles } = await import('../../files/check-files.ts');
  const { postChecked } = await import('./pipe.ts');
  const scratch = createScratch();
  try {
    const { target, origin } = writer;
    const folder = await scratch.folder();
    return await postChecked(writer, await checkFiles({ target, origin, files, to: 'tsv', folder }));
  } finally {
    await scratch.remove();
  }
}

import type { FileRef } from '../../extract.ts';
import { createScratch } from '../../run/scratch.ts';
import { postChecked } from './pipe.ts';
import type { Staged, StageWriter } from './stage.ts';

/** Loads local files through the checked reader, which tells bad rows from good ones. */
export async function loadFiles(writer: StageWriter, files: readonly FileRef[]): Promise<Staged> {
  const { checkFiles } = await import('../../files/check-files.ts');
  const scratch = createScratch();
  try {
    const { target, origin } = writer;
    const folder = await scratch.folder();
    return await postChecked(writer, await checkFiles({ target, origin, files, to: 'tsv', folder }));
  } finally {
    await scratch.remove();
  }
}

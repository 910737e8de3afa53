import { fatal } from '../errors.ts';
import { fileError } from './file-error.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import { insertBesideLook } from './insert-beside.ts';
import { scanFile, withoutBom } from './inspect-file.ts';
import { insertRecords } from './json-records.ts';
import { insertTyped } from './json-typed.ts';

/** Loads a JSON or JSON Lines file: straight into its columns where all values fit, else record by record. */
export async function loadJson(load: FileLoad): Promise<LoadedFile> {
  const { file } = load;
  if (withoutBom(file.head).length !== file.head.length)
    throw fatal('bad-file', {
      where: file.where,
      what: 'the JSON file begins with a byte order mark, which JSON does not allow',
      got: file.ref.path,
      todo: 'deliver it without one',
    });
  // DuckDB takes a truncated archive for a whole one, so it is unpacked beside the load, to its end.
  const scanning = file.compression === 'none' ? Promise.resolve() : scanFile(file).then(() => undefined);
  const damaged = scanning.catch((error: unknown) => error);
  let loaded: LoadedFile | undefined;
  let failure: unknown;
  try {
    loaded =
      (load.care === 'fast' ? await insertBesideLook(load) : undefined) ??
      (await insertTyped(load)) ??
      (await insertRecords(load));
  } catch (error) {
    failure = fileError(error, file);
  }
  const damage = await damaged;
  if (damage !== undefined) throw damage;
  if (loaded === undefined) throw failure;
  return loaded;
}

import { mayBeARow } from './file-error.ts';
import type { FileLoad, LoadedFile } from './file-load.ts';
import { Misfit } from './file-load.ts';
import { insertStatement } from './json-typed.ts';
import type { LookField } from './look/line-look.ts';
import { createLineLook } from './look/line-look.ts';
import { isNotPlain } from './not-plain.ts';
import { plainLines } from './plain-lines.ts';

/**
 * Reads JSON Lines straight into their columns while their bytes are looked at, so that neither waits for the other. Only for
 * `fast` care, since rows may be there when the look finds something.
 *
 * @returns undefined, with nothing inserted, when the beginning of the file is not plain
 * @throws Misfit when something behind it is not, which leaves DuckDB to be asked about the fields
 */
export async function insertBesideLook(load: FileLoad): Promise<LoadedFile | undefined> {
  const { connection, file, target } = load;
  const lines = await plainLines(target, file.ref);
  if (lines === undefined || !isBeginningPlain(lines.fields, file.head)) return undefined;
  const fields = target.columns.map((column, index) => ({ column, field: lines.names[index] }));
  const stop = new AbortController();
  const inserting = connection.run(insertStatement(load, fields, true)).then(
    ({ rowsChanged }) => ({ rowsChanged }),
    (error: unknown) => {
      stop.abort();
      return { error };
    },
  );
  await lines.look(stop.signal).catch(async (error: unknown) => {
    connection.interrupt();
    await inserting;
    throw isNotPlain(error) ? new Misfit(file.ref.path, error, 'asked') : error;
  });
  const inserted = await inserting;
  if ('error' in inserted)
    throw mayBeARow(inserted.error) ? new Misfit(file.ref.path, inserted.error, 'asked') : inserted.error;
  const rows = inserted.rowsChanged;
  return { read: rows, loaded: rows, quarantined: [], unknown: [] };
}

/** Looks at the beginning, up to the end of its last line, in which there has to be a field. */
function isBeginningPlain(fields: readonly LookField[], head: Buffer): boolean {
  const look = createLineLook(fields);
  try {
    look.at(head.subarray(0, head.lastIndexOf(0x0a) + 1));
    return look.seen().length > 0;
  } catch (error) {
    if (isNotPlain(error)) return false;
    throw error;
  }
}

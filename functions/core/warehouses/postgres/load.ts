import type { FileRef } from '../../extract.ts';
import { linesAsTsv } from '../../files/lines-as-tsv.ts';
import { isNotPlain } from '../../files/not-plain.ts';
import type { PlainCsv } from '../../files/plain-csv.ts';
import { plainCsv } from '../../files/plain-csv.ts';
import { plainLines } from '../../files/plain-lines.ts';
import { literal } from '../../files/quote.ts';
import { createScratch } from '../../run/scratch.ts';
import type { Column } from '../../schema.ts';
import { copyIn } from './copy-in.ts';
import { isBadData } from './errors.ts';
import type { Staged } from './pipe.ts';
import { copyChecked } from './pipe.ts';
import type { StageWriter } from './stage.ts';
import { list, originDefault } from './types.ts';

/**
 * Loads local files. CSV goes to the server as it is while all its cells are plain, JSON Lines as lines of text; when one is not, or is refused, and for
 * all other files, the checked reader tells bad rows from good ones first. COPY alone would take too much: it rounds
 * decimals, drops zones, and has words for dates.
 */
export async function loadFiles(writer: StageWriter, files: readonly FileRef[]): Promise<Staged> {
  const plain = await Promise.all(files.map((file) => copyable(writer, file)));
  if (plain.every((file) => file !== undefined)) {
    try {
      return await writer.attempt(async ({ sql, table, isNew }) => {
        let staged = 0;
        let bytes = 0;
        const setDefault = (sqlOfDefault: string) =>
          sql.run(`ALTER TABLE ${table} ALTER COLUMN _origin SET DEFAULT ${sqlOfDefault}`);
        // A constant is not asked for again with each row. Nobody else sees the table yet.
        if (isNew) await setDefault(literal(writer.origin));
        for (const file of plain) {
          const freeze = isNew ? ', FREEZE' : '';
          const statement = `COPY ${table} (${list(file.columns)}) FROM STDIN (${file.options}${freeze})`;
          staged += (await copyIn(sql, statement, file.chunks(), writer.target.name)).rows;
          bytes += file.size;
        }
        if (isNew) await setDefault(originDefault);
        return { read: staged, staged, bytes, quarantined: [], drift: [] };
      });
    } catch (error) {
      if (!isBadData(error) && !isNotPlain(error)) throw error;
    }
  }
  const { checkFiles } = await import('../../files/check-files.ts');
  const scratch = createScratch();
  try {
    const { target, origin } = writer;
    const folder = await scratch.folder();
    return await copyChecked(writer, await checkFiles({ target, origin, files, to: 'tsv', folder }));
  } finally {
    await scratch.remove();
  }
}

/** A file whose bytes COPY reads, as they are or as lines of text. */
interface Copyable {
  readonly columns: readonly Column[];
  readonly options: string;
  readonly size: number;
  chunks(): AsyncIterable<Uint8Array>;
}

async function copyable({ target }: StageWriter, ref: FileRef): Promise<Copyable | undefined> {
  if (ref.format === 'csv') {
    const file = await plainCsv(target, ref);
    return file === undefined ? undefined : { ...file, options: optionsOf(file) };
  }
  const lines = await plainLines(target, ref);
  if (lines === undefined) return undefined;
  const { columns, size } = lines;
  return { columns, size, options: `FORMAT text, NULL '\\N'`, chunks: () => linesAsTsv(lines) };
}

function optionsOf({ delimiter, quote, hasHeader }: PlainCsv): string {
  const header = hasHeader ? ', HEADER true' : '';
  return `FORMAT csv, NULL '', DELIMITER ${literal(delimiter)}, QUOTE ${literal(quote)}${header}`;
}

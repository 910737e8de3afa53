import { Buffer } from 'node:buffer';
import type { FileRef } from '../../extract.ts';
import type { OnRecord } from '../../files/look/line-look.ts';
import { values } from '../../files/look/line-look.ts';
import { plainLines } from '../../files/plain-lines.ts';
import type { LoadedFiles } from '../warehouse.ts';
import { fileCell } from './byte-cells.ts';
import type { StageTable } from './stage.ts';

/**
 * Puts JSON Lines into a stage without another reader, where that gives what the checked reader would give.
 *
 * @returns undefined when a file is not so
 * @throws NotPlain at the first record that is not so
 */
export async function insertLines(
  stage: StageTable,
  files: readonly FileRef[],
): Promise<LoadedFiles | undefined> {
  const plain = await Promise.all(files.map((file) => plainLines(stage.target, file)));
  const cells = stage.target.columns.map(fileCell);
  if (!cells.every((cell) => cell !== undefined) || !plain.every((file) => file !== undefined))
    return undefined;
  const before = stage.mark();
  const rows = stage.startRows();
  const { row } = rows;
  const origin = Buffer.from(stage.origin);
  let bytes = 0;
  const note: OnRecord = (memory, words, place) => {
    row.begin();
    for (const [index, cell] of cells.entries()) {
      const at = place + 3 * index;
      const [what, start = 0, end = 0] = [words[at], words[at + 1], words[at + 2]];
      if (what === values.plain) cell(row, memory, start, end);
      else if (what === values.none) row.nothing();
      else if (what === values.escaped) {
        const text = Buffer.from(memory.buffer).toString('utf8', start, end);
        const meant = Buffer.from(String(JSON.parse(`"${text}"`)));
        cell(row, meant, 0, meant.length);
      } else row.integer(what === values.true ? 1 : 0);
    }
    row.text(origin, 0, origin.length);
    row.nothing();
    rows.endRow();
  };
  for (const file of plain) for await (const chunk of file.chunks(note)) bytes += chunk.length;
  rows.flush();
  return { read: stage.mark() - before, bytes, quarantined: [], drift: [] };
}

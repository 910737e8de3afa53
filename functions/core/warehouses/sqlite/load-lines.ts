import { Buffer } from 'node:buffer';
import type { SQLInputValue } from 'node:sqlite';
import type { FileRef } from '../../extract.ts';
import type { LookedRecord } from '../../files/json-look.ts';
import { kinds } from '../../files/json-look.ts';
import { plainLines } from '../../files/plain-lines.ts';
import type { LoadedFiles } from '../warehouse.ts';
import { fileCell } from './file-cells.ts';
import type { StageTable } from './stage.ts';

/** Values that are put into the stage together. */
const together = 100_000;

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
  let bytes = 0;
  let values: SQLInputValue[] = [];
  const note = (line: Uint8Array, { kinds: found, starts, ends }: LookedRecord) => {
    const buffer = Buffer.from(line.buffer, line.byteOffset, line.length);
    for (const [index, cell] of cells.entries()) {
      const [kind, start, end] = [found[index], starts[index], ends[index]];
      if (kind === kinds.plain) values.push(cell(buffer.toString('utf8', start, end)));
      else if (kind === kinds.none) values.push(null);
      else if (kind === kinds.escaped)
        values.push(String(JSON.parse(`"${buffer.toString('utf8', start, end)}"`)));
      else values.push(kind === kinds.true ? 1 : 0);
    }
  };
  for (const file of plain) {
    for await (const chunk of file.chunks(note)) {
      bytes += chunk.length;
      if (values.length < together) continue;
      stage.insert(values, [stage.origin, null]);
      values = [];
    }
  }
  if (values.length > 0) stage.insert(values, [stage.origin, null]);
  return { read: stage.mark() - before, bytes, quarantined: [], drift: [] };
}

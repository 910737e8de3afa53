import { open } from 'node:fs/promises';
import type { Column } from '../../schema.ts';
import { csvDialect } from '../csv-header.ts';
import { longestLineBytes } from '../file-error.ts';
import type { InspectedFile } from '../inspect-file.ts';
import type { RecordForm } from './doubtful-record.ts';
import { openSearch } from './search.ts';

/** What one cell costs more as a text that is checked and cast than read by type, in nanoseconds (DuckDB 1.5.5). */
const textCosts: Readonly<Partial<Record<Column['type'], number>>> = { INTEGER: 45, DATETIME: 60 };

/** What the search costs for each byte of the file, in nanoseconds. */
const searchCost = 1.5;

/** Of 50 records one may be looked at closely, which costs some hundred times as much. */
const recordsPerDoubt = 50;

const chunkBytes = 2 ** 19;

/** Of the beginning of a file, enough to tell what it is like. */
const sampleBytes = 2 ** 17;

function isTypedColumn({ type, mode, format }: Column): boolean {
  return textCosts[type] !== undefined && mode !== 'REPEATED' && format === undefined;
}

/**
 * Whether to read columns by their types, told by the beginning of a file.
 *
 * @param columns for each cell its column; undefined where the schema has none
 * @returns what to search for; undefined where texts are the cheaper or the only way
 */
export function typedForm(
  file: InspectedFile,
  columns: readonly (Column | undefined)[],
): RecordForm | undefined {
  const { delimiter, quote } = csvDialect(file);
  const isByte = (text: string) => text.length === 1 && text < '\x80';
  const { encoding = 'utf-8', nullMarker, header = true } = file.ref;
  if (file.compression !== 'none' || encoding !== 'utf-8' || !isByte(delimiter) || !isByte(quote))
    return undefined;
  const typed = columns.map((column) => (column !== undefined && isTypedColumn(column) ? column : undefined));
  const saved = typed.reduce((sum, column) => sum + (column ? (textCosts[column.type] ?? 0) : 0), 0);
  const sample = file.head.subarray(0, sampleBytes);
  const lines = countLines(sample);
  if (saved * lines <= searchCost * sample.length) return undefined;
  const form = { columns: typed, delimiter, quote, nullMarker };
  const search = openSearch(form, { roomBytes: sample.length, hasHeader: header });
  sample.copy(search.room());
  if (!search.look(sample.length, sample.length === file.bytes)) return undefined;
  return search.doubts * recordsPerDoubt > lines ? undefined : form;
}

/**
 * Searches a whole file.
 *
 * @returns false when a cell does not fit its column, when only a close look can tell, and when the file cannot be read
 */
export async function areCellsGood(
  { ref }: InspectedFile,
  form: RecordForm,
  signal: AbortSignal,
): Promise<boolean> {
  const search = openSearch(form, {
    roomBytes: longestLineBytes + chunkBytes,
    hasHeader: ref.header ?? true,
  });
  const file = await open(ref.path);
  try {
    for (;;) {
      const room = search.room();
      if (signal.aborted || room.length === 0) return false;
      const { bytesRead } = await file.read(room, 0, Math.min(chunkBytes, room.length), null);
      if (!search.look(bytesRead, bytesRead === 0)) return false;
      if (bytesRead === 0) return true;
    }
  } finally {
    await file.close();
  }
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}

import { createReadStream } from 'node:fs';
import type { ByteFormat, ByteStream } from '../../bytes.ts';
import { ident } from '../../files/quote.ts';
import { createScratch } from '../../run/scratch.ts';
import type { Column } from '../../schema.ts';
import type { LoadedFiles } from '../warehouse.ts';
import { copyIn } from './copy-in.ts';
import { copyLines } from './copy-lines.ts';
import { isBadData } from './errors.ts';
import type { StagePlace, StageWriter } from './stage.ts';
import { allColumns, list, postgresType } from './types.ts';

/** What came, and how many rows of it are in the stage. */
export interface Staged extends LoadedFiles {
  readonly staged: number;
}

const options: Readonly<Record<ByteFormat, string>> = {
  pgcopy: 'FORMAT binary',
  tsv: `FORMAT text, NULL '\\N'`,
  csv: `FORMAT csv, NULL '\\N'`,
};

/**
 * Puts streams into a stage by COPY, one after another, without a look at them. When the server refuses a value, all of
 * them are read once more through the checked reader, which tells the bad rows from the good.
 */
export async function pipeStreams(writer: StageWriter, streams: readonly ByteStream[]): Promise<Staged> {
  try {
    return await writer.attempt((place) => copyStreams(writer, place, streams));
  } catch (error) {
    if (!isBadData(error)) throw error;
  }
  const { checkBytes } = await import('../../files/check-bytes.ts');
  const scratch = createScratch();
  try {
    const { target, origin } = writer;
    const folder = await scratch.folder();
    return await copyChecked(writer, await checkBytes({ target, origin, streams, to: 'tsv', folder }));
  } finally {
    await scratch.remove();
  }
}

async function copyStreams(
  writer: StageWriter,
  place: StagePlace,
  streams: readonly ByteStream[],
): Promise<Staged> {
  let [staged, bytes] = [0, 0];
  let announced: number | undefined;
  for (const stream of streams) {
    const format = (['pgcopy', 'tsv'] as const).find((each) => stream.formats.includes(each)) ?? 'csv';
    const read = stream.open(format);
    const columns = stream.columns.map((name) => columnOf(writer, name));
    const copied = await copyAs(writer, place, { format, columns, chunks: read.chunks });
    staged += copied.rows;
    bytes += copied.bytes;
    const counted = read.rows();
    if (counted !== undefined) announced = (announced ?? 0) + counted;
  }
  return { read: staged, staged, bytes, announced, quarantined: [], drift: [] };
}

interface Copy {
  readonly format: ByteFormat;
  readonly columns: readonly Column[];
  readonly chunks: AsyncIterable<Uint8Array>;
}

async function copyAs(writer: StageWriter, place: StagePlace, { format, columns, chunks }: Copy) {
  const where = writer.target.name;
  if (format === 'pgcopy' || !columns.some(isBytes)) {
    // Rows of a table that nobody can see yet need no look at who may see them, ever.
    const freeze = place.isNew ? ', FREEZE' : '';
    const into = `${place.table} (${list(columns)})`;
    return copyIn(place.sql, `COPY ${into} FROM STDIN (${options[format]}${freeze})`, chunks, where);
  }
  return decoding(writer, place, columns, (into) =>
    copyIn(place.sql, `COPY ${into} FROM STDIN (${options[format]})`, chunks, where),
  );
}

/** Copies a file that the checked reader wrote as `tsv`: all columns, the kit's own too. */
export function copyChecked(
  writer: StageWriter,
  checked: LoadedFiles & { readonly path: string; readonly rows: number },
): Promise<Staged> {
  return writer.attempt(async (place) => {
    const { path, rows: _, ...loaded } = checked;
    const columns = allColumns(writer.target.columns);
    const copy = (into: string) =>
      copyLines(
        place.sql,
        `COPY ${into} FROM STDIN (${options.tsv})`,
        () => createReadStream(path, { highWaterMark: 2 ** 20 }),
        writer.target.name,
      );
    const { rows, refused } = columns.some(isBytes)
      ? await decoding(writer, place, columns, copy)
      : await copy(`${place.table} (${list(columns)})`);
    return { ...loaded, staged: rows, quarantined: [...loaded.quarantined, ...refused] };
  });
}

/** BYTES in text are bare digits, which bytea would take for text: they are decoded on the way, from a table beside. */
async function decoding<T>(
  writer: StageWriter,
  { sql, table }: StagePlace,
  columns: readonly Column[],
  copy: (into: string) => Promise<T>,
): Promise<T> {
  const beside = await writer.scratchName();
  const definitions = columns.map(
    (column) => `${ident(column.name)} ${isBytes(column) ? 'text' : postgresType(column)}`,
  );
  const cells = columns.map((column) =>
    isBytes(column) ? `decode(${ident(column.name)}, 'hex')` : ident(column.name),
  );
  await sql.run(`CREATE UNLOGGED TABLE ${beside} (${definitions.join(', ')})`);
  const copied = await copy(beside);
  await sql.run(`INSERT INTO ${table} (${list(columns)}) SELECT ${cells.join(', ')} FROM ${beside}`);
  await sql.run(`DROP TABLE ${beside}`);
  return copied;
}

function isBytes({ type, mode }: Column): boolean {
  return type === 'BYTES' && mode !== 'REPEATED';
}

function columnOf({ target }: StageWriter, name: string): Column {
  const column = target.columns.find((each) => each.name === name);
  if (column === undefined) throw new Error(`a stream has a column that ${target.name} lacks: ${name}`);
  return column;
}

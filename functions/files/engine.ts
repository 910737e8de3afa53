import type { ObjectReadOf } from '../core/engine-read.ts';
import { fatal } from '../core/errors.ts';
import type { FileRef } from '../core/extract.ts';
import { csvDialect, readHeader } from '../core/files/csv-header.ts';
import type { InspectedFile } from '../core/files/inspect-file.ts';
import { compressionOf, describeFile } from './file-format.ts';
import { readHead } from './inspect/read-head.ts';
import type { source } from './source.ts';
import { openStore } from './stores/open-store.ts';
import { changed } from './stores/refusal.ts';

const encodings = { 'utf-8': 'UTF-8', 'utf-16': 'UTF-16', 'latin-1': 'ISO-8859-1' } as const;

/**
 * How engine dataflow reads one file: CSV in a bucket of Google, with the usual quotes, or JSON Lines. Of CSV the first
 * megabyte is looked at, for the names of its columns.
 *
 * @throws fatal `bad-file` for any other file, which needs no engine or cannot be read by one
 */
export const objectRead: ObjectReadOf<typeof source> = async (context) => {
  const { table, origin, object: wanted, options, columns } = context;
  const store = await openStore({ ...context, where: table });
  const path = store.locate(origin);
  const how = describeFile(origin, options, table);
  const refuse = (what: string) =>
    fatal('bad-file', {
      where: table,
      what: `engine dataflow cannot read ${what}`,
      got: path,
      allowed: 'CSV with double quotes, or JSON Lines, in gs://, packed by gzip or not at all',
      todo: 'leave the engine out of the pipeline: BigQuery loads other files itself, or they go through the job',
    });
  if (!path.startsWith('gs://')) throw refuse('a file that is not in a bucket of Google');
  if (how.format !== 'csv' && how.format !== 'ndjson') throw refuse(how.format);
  // The templates take a name for a pattern.
  if (/[*?[\]{}]/.test(path)) throw refuse('a file whose name reads like a pattern');
  if (how.quote !== undefined && how.quote !== '"') throw refuse('a file with quotes of its own');
  const found = await store.stat(origin);
  if (found?.generation !== wanted.generation)
    throw changed(path, found === undefined ? 'it is gone' : 'it has another generation');
  const compression = found.packed ?? compressionOf(origin, how);
  // By its name, and by nothing else, the template knows how a file is packed.
  if (compression === 'zstd' || (compression === 'gzip') !== /\.gz$/i.test(origin))
    throw refuse('a file whose name does not tell how it is packed');
  const head = await readHead(store, found, compression);
  const ref: FileRef = { path, ...how };
  const file: InspectedFile = { ref, where: table, bytes: found.bytes, compression, head: head.bytes };
  if (head.bytes.length === 0)
    throw fatal('bad-file', {
      where: table,
      what: 'the file is empty',
      got: path,
      todo: 'deliver it again, or remove it',
    });
  if (how.format === 'ndjson') return { format: 'ndjson', path };
  return {
    format: 'csv',
    path,
    names: readHeader(
      file,
      columns.map(({ name }) => name),
    ),
    hasHeader: how.header ?? true,
    delimiter: csvDialect(file).delimiter,
    encoding: encodings[how.encoding ?? 'utf-8'],
    nullMarker: how.nullMarker,
  };
};

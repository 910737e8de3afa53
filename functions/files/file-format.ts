import { fatal } from '../core/errors.ts';
import type { FileRef } from '../core/extract.ts';
import type { FileOptions } from './source.ts';

const formats: Readonly<Record<string, FileRef['format']>> = {
  csv: 'csv',
  tsv: 'csv',
  parquet: 'parquet',
  json: 'json',
  geojson: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
};

/**
 * How a file is written: what the stack file says, else what the name's ending says.
 *
 * @param name the file's path, for the ending and for the error
 * @throws fatal `bad-input` when neither tells the format
 */
export function describeFile(name: string, options: FileOptions, where: string): Omit<FileRef, 'path'> {
  const { path: _, take: _take, onDelete: _onDelete, format: given, delimiter, ...rest } = options;
  const format = given ?? formatOf(name);
  if (format === undefined)
    throw fatal('bad-input', {
      where,
      what: 'the name of the file does not tell its format',
      got: name,
      allowed: `endings ${Object.keys(formats)
        .map((known) => `.${known}`)
        .join(', ')}, each also with .gz or .zst`,
      todo: `set "format" of table "${where}" to csv, parquet, json or ndjson`,
    });
  const separator = delimiter ?? (endingOf(name) === 'tsv' ? '\t' : undefined);
  const set = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { format, ...(separator !== undefined && { delimiter: separator }), ...Object.fromEntries(set) };
}

/** The format that the ending of a name tells; undefined when it tells none. */
export function formatOf(name: string): FileRef['format'] | undefined {
  const ending = endingOf(name);
  return Object.hasOwn(formats, ending) ? formats[ending] : undefined;
}

/** How a file is packed: what the stack file says, else what the name's ending says. */
export function compressionOf(
  name: string,
  { compression }: Pick<FileRef, 'compression'>,
): 'gzip' | 'zstd' | 'none' {
  if (compression !== undefined) return compression;
  if (/\.gz$/i.test(name)) return 'gzip';
  return /\.zst$/i.test(name) ? 'zstd' : 'none';
}

function endingOf(name: string): string {
  const endings = name.toLowerCase().split('.').slice(1);
  if (['gz', 'zst'].includes(endings.at(-1) ?? '')) endings.pop();
  return endings.at(-1) ?? '';
}

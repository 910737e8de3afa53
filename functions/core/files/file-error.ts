import type { CatchmentError } from '../errors.ts';
import { fatal, isCatchmentError } from '../errors.ts';
import { Misfit } from './file-load.ts';
import type { InspectedFile } from './inspect-file.ts';

/** Longest line of a CSV file, and longest record of a JSON file: what is held in memory at once. */
export const longestLineBytes = 8_000_000;
export const longestRecordBytes = 16_777_216;

/**
 * What DuckDB says about a file, in our words. Its own text quotes lines of the file, so no part of it is kept that may
 * hold data.
 */
export function fileError(error: unknown, file: InspectedFile): unknown {
  if (isCatchmentError(error) || error instanceof Misfit) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/no space|conflict|out of memory|interrupt/i.test(message)) return error;
  const bad = (what: string, todo: string): CatchmentError =>
    fatal('bad-file', { where: file.where, what, got: file.ref.path, todo });

  if (/unicode|utf-8|utf-16|encoding error|encoded/i.test(message))
    return bad(
      `the file is not ${file.ref.encoding ?? 'utf-8'}`,
      file.ref.format === 'csv'
        ? 'set "encoding" of the table to the one it has: utf-8, utf-16 or latin-1'
        : 'deliver it as UTF-8',
    );
  if (/maximum line size|does not support a full read/i.test(message)) return lineTooLong(file);
  if (/maximum_object_size/i.test(message))
    return bad(
      `a record of the file is longer than ${longestRecordBytes / 2 ** 20} MB`,
      'cut the record, or leave the large field out',
    );
  if (/unterminated quote/i.test(message))
    return bad('a quoted cell of the file never ends', 'check "quote" of the table and the end of the file');
  if (
    file.ref.format === 'parquet' &&
    /parquet|magic|footer|TProtocol|snappy|zstd|decompress|page/i.test(message)
  )
    return bad('this is not a whole Parquet file', 'deliver it again; nothing of it was loaded');
  // In a CSV file it is a cell of one row.
  if (
    file.ref.format !== 'csv' &&
    /malformed json|top-level json array|unexpected end of data/i.test(message)
  )
    return bad(
      `the file is not valid JSON${/at byte \d+ in (line|record\/value) \d+/.exec(message)?.[0].replace(/^/, ', ') ?? ''}`,
      'deliver it again, or correct "format" of the table; nothing of it was loaded',
    );
  if (/^IO Error/.test(message) && /open|read/i.test(message))
    return bad('the file cannot be read', 'check that it still exists and may be read');
  if (/state machine|RFC 4180/i.test(message))
    return bad(
      'the file mixes line ends or quotes in a way that cannot be read',
      'write all line ends as \\n or all as \\r\\n, and check "quote" of the table',
    );
  return error;
}

export function lineTooLong(file: InspectedFile): CatchmentError {
  return fatal('bad-file', {
    where: file.where,
    what: `a line of the file is longer than ${longestLineBytes / 1e6} MB`,
    got: file.ref.path,
    todo: 'cut the cell, leave it out, or deliver the data as Parquet',
  });
}

/** True for errors that a row may have caused: then the checked path finds out which. */
export function mayBeARow(error: unknown): boolean {
  const message = error instanceof Error ? error.message : String(error);
  // In JSON, a text of another encoding looks like one bad record among good ones.
  if (/invalid UTF-8/i.test(message)) return false;
  return /^(Conversion|Invalid Input|Constraint|Out of Range|Binder|Cast)/.test(message);
}

/** These look like damage but may be one bad row among good ones. */
export function isRagged(error: unknown): boolean {
  return /unterminated quote|state machine/i.test(String(error));
}

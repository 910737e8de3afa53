import type { DuckDBConnection } from '@duckdb/node-api';
import type { FileRef } from '../extract.ts';
import type { Quarantined } from '../rows/check.ts';
import { readDrift } from './file-drift.ts';
import { fileError } from './file-error.ts';
import type { FileLoad, LoadedFile, UnknownField } from './file-load.ts';
import { inspectFile } from './inspect-file.ts';
import { loadCsv } from './load-csv.ts';
import { loadJson } from './load-json.ts';
import { loadParquet, selectParquet } from './load-parquet.ts';
import type { FilesInStage, LoadFilesRequest } from './load-request.ts';

/**
 * Loads files by DuckDB's own readers. A file whose rows all fit costs one read; only when one does not, the file is
 * read again cell by cell, and the rows that break the schema come back instead of loading.
 *
 * @throws fatal `bad-file` for a file that is damaged, cannot be read or lacks a column, naming it. The stage may hold
 *   rows of it or of earlier files then: discard it.
 */
export async function loadFiles(
  connection: DuckDBConnection,
  request: LoadFilesRequest,
): Promise<FilesInStage> {
  const { target, origin, stageTable, files, mayDefer, careOf } = request;
  const where = target.name;
  let [read, bytes, staged] = [0, 0, 0];
  const quarantined: Quarantined[] = [];
  const unknown = new Map<string, UnknownField & { readonly isText: boolean }>();
  for (const ref of files) {
    const file = await inspectFile(ref, where);
    bytes += file.bytes;
    const load: FileLoad = { connection, target, origin, into: stageTable, file, care: careOf?.(ref.path) };
    if (mayDefer && files.length === 1 && ref.format === 'parquet') {
      const deferred = await selectParquet(load);
      if (deferred !== undefined)
        return {
          read: deferred.rows,
          staged: deferred.rows,
          bytes,
          quarantined,
          drift: [],
          select: { sql: deferred.sql, explain: (error) => fileError(error, file) },
        };
    }
    const loaded = await readers[ref.format](load);
    for (const row of loaded.quarantined)
      quarantined.push(row.row === undefined ? row : { ...row, row: row.row + read });
    for (const field of loaded.unknown) unknown.set(field.name, { ...field, isText: ref.format === 'csv' });
    read += loaded.read;
    staged += loaded.loaded;
  }
  const drift = await readDrift(connection, stageTable, target.columns, [...unknown.values()]);
  return { read, staged, bytes, quarantined, drift };
}

const readers: Readonly<Record<FileRef['format'], (load: FileLoad) => Promise<LoadedFile>>> = {
  csv: loadCsv,
  json: loadJson,
  ndjson: loadJson,
  parquet: loadParquet,
};

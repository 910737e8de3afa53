import { fatal } from '../../../errors.ts';
import type { FileRef } from '../../../extract.ts';
import type { TableTarget } from '../../../pipeline.ts';
import type { Drift } from '../../../rows/check.ts';
import type { LoadedFiles } from '../../warehouse.ts';
import type { Bigquery } from '../jobs.ts';
import { moveRows, readBadRows } from '../pipe/move-rows.ts';
import { dropTable } from '../pipe/raw-table.ts';
import { readStrays } from './drift.ts';
import { loadCsvObjects } from './load-csv.ts';
import type { LoadedObjects, ObjectsRequest } from './load-job.ts';
import { loadNdjsonObjects, takeApart } from './load-ndjson.ts';
import { loadParquetObjects } from './load-parquet.ts';

/** Loads objects of Cloud Storage by load jobs, as they are, and moves the rows that fit the schema into the stage. */
export async function loadObjects(
  bigquery: Bigquery,
  request: {
    readonly target: TableTarget;
    readonly origin: string;
    readonly stageTable: string;
    /** Of the raw tables. No two loads share it. */
    readonly rawName: string;
    readonly files: readonly FileRef[];
  },
): Promise<LoadedFiles & { readonly staged: number }> {
  const { target, origin, stageTable, rawName, files } = request;
  const made: string[] = [];
  const newTable = () => {
    const name = `${rawName}_${made.length + 1}`;
    made.push(name);
    return name;
  };
  try {
    const loaded: LoadedObjects[] = [];
    for (const [format, load] of Object.entries(loaders)) {
      const some = files.filter((file) => file.format === format);
      for (const ref of some) checkPlace(ref, target);
      if (some.length > 0) loaded.push(...(await load(bigquery, { target, files: some, newTable })));
    }
    return await moveLoaded(bigquery, { target, origin, stageTable }, loaded);
  } finally {
    // They expire anyhow, and an error here would hide the one that matters.
    for (const table of made) await dropTable(bigquery, table).catch(() => undefined);
  }
}

interface StagePlace {
  readonly target: TableTarget;
  readonly origin: string;
  readonly stageTable: string;
}

/** The same for lines of JSON that somebody else put into a table; it stays, for it expires by itself. */
export async function loadLines(
  bigquery: Bigquery,
  { lines, path, ...place }: StagePlace & { readonly lines: string; readonly path: string },
): Promise<LoadedFiles & { readonly staged: number }> {
  const { target } = place;
  const ref: FileRef = { path, format: 'ndjson' };
  return moveLoaded(bigquery, place, [await takeApart(bigquery, { target, ref, table: lines, bytes: 0 })]);
}

async function moveLoaded(
  bigquery: Bigquery,
  { target, origin, stageTable }: StagePlace,
  loaded: readonly LoadedObjects[],
): Promise<LoadedFiles & { readonly staged: number }> {
  const read = loaded.reduce((sum, { rows }) => sum + rows, 0);
  const bytes = loaded.reduce((sum, each) => sum + each.bytes, 0);
  if (read === 0) return { read, bytes, staged: 0, quarantined: [], drift: [] };
  const raw = loaded.map((each) => each.raw);
  const staged = await moveRows(bigquery, { target, stageTable, origin, raw });
  const quarantined = [];
  if (staged < read) for (const each of raw) quarantined.push(...(await readBadRows(bigquery, each)));
  const drift: Drift[] = [];
  for (const each of loaded) drift.push(...(await readStrays(bigquery, target, each)));
  return { read, bytes, staged, quarantined, drift };
}

const loaders: Readonly<
  Record<string, (bigquery: Bigquery, request: ObjectsRequest) => Promise<readonly LoadedObjects[]>>
> = {
  csv: loadCsvObjects,
  parquet: loadParquetObjects,
  ndjson: loadNdjsonObjects,
  json: (_, { files, target }) => {
    throw refusal(files[0], target, 'BigQuery loads no JSON that is not one record per line');
  },
};

function checkPlace(ref: FileRef, target: TableTarget): void {
  const isZstd = ref.compression === 'zstd' || (ref.compression === undefined && /\.zst$/i.test(ref.path));
  if (isZstd && ref.format !== 'parquet') throw refusal(ref, target, 'BigQuery loads no zstd');
  if (ref.encoding === 'utf-16')
    throw refusal(ref, target, 'BigQuery loads no UTF-16 with a byte order mark');
  if (ref.records !== undefined) throw refusal(ref, target, 'BigQuery loads no records from inside a file');
}

function refusal(ref: FileRef | undefined, { dataset, name }: TableTarget, what: string) {
  return fatal('bad-file', {
    where: `${dataset}.${name}`,
    what,
    got: ref?.path,
    todo: 'deliver CSV, Parquet or JSON Lines, or bring the file to this machine first',
  });
}

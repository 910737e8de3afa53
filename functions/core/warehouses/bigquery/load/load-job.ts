import { fatal } from '../../../errors.ts';
import type { FileRef } from '../../../extract.ts';
import type { TableTarget } from '../../../pipeline.ts';
import type { Refusal } from '../errors.ts';
import type { Bigquery } from '../jobs.ts';
import { jobId, runJob } from '../jobs.ts';
import type { RawRows } from '../pipe/move-rows.ts';
import type { StrayField } from './extra-sql.ts';

export interface ObjectsRequest {
  readonly target: TableTarget;
  /** All of one format. */
  readonly files: readonly FileRef[];
  /** The name of another raw table. */
  readonly newTable: () => string;
}

/** Objects that are in a raw table now. */
export interface LoadedObjects {
  readonly raw: RawRows;
  readonly rows: number;
  /** Of the objects as stored. */
  readonly bytes: number;
  readonly strays: readonly StrayField[];
  /** True when numbers and truths come as text, as in CSV. */
  readonly isText: boolean;
}

/** URIs that one load job takes. https://cloud.google.com/bigquery/quotas#load_jobs */
const urisPerJob = 10_000;

/** Loads objects into a table, which takes all of a job's rows or none. */
export async function loadUris(
  bigquery: Bigquery,
  load: {
    readonly target: TableTarget;
    readonly table: string;
    readonly files: readonly FileRef[];
    readonly options: Readonly<Record<string, unknown>>;
  },
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const { target, table, files, options } = load;
  const { project: projectId, dataset: datasetId } = bigquery.settings;
  let [rows, bytes] = [0, 0];
  for (let from = 0; from < files.length; from += urisPerJob) {
    const sourceUris = files.slice(from, from + urisPerJob).map(({ path }) => path);
    const { statistics } = await runJob(bigquery, {
      what: `loading files for ${target.dataset}.${target.name}`,
      id: jobId('files', table, from),
      configuration: {
        load: {
          sourceUris,
          destinationTable: { projectId, datasetId, tableId: table },
          writeDisposition: 'WRITE_APPEND',
          createDisposition: 'CREATE_NEVER',
          maxBadRecords: 0,
          ...options,
        },
      },
      explain: (refusal) => badFile(refusal, target, sourceUris),
    });
    rows += Number(statistics.load?.outputRows ?? 0);
    bytes += Number(statistics.load?.inputFileBytes ?? 0);
  }
  return { rows, bytes };
}

/** Not `warehouse`, which ends a run: the other files may be whole. */
function badFile({ reason, message }: Refusal, { dataset, name }: TableTarget, uris: readonly string[]) {
  if (reason !== 'invalid' && !(reason === 'notFound' && message.includes('URI'))) return undefined;
  return fatal('bad-file', {
    where: `${dataset}.${name}`,
    what: `BigQuery cannot read a file: ${message}`,
    got: uris.length === 1 ? uris[0] : `${uris.length} files from ${uris[0]} on`,
    todo: 'correct the file, or how the table says it is written; nothing of it was loaded',
  });
}

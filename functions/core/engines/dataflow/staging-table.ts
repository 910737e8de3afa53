import type { Http } from '../../http/http.ts';
import type { TableTarget } from '../../pipeline.ts';

/** Long enough for a job of a day and a weekend without a run; BigQuery deletes it then. */
const lifeMs = 7 * 24 * 3_600_000;

export interface StagingTable {
  readonly project: string;
  readonly dataset: string;
  readonly name: string;
}

/**
 * Makes the table that a job writes to; the template takes none that does not exist. Every column may be NULL: a row that
 * breaks the schema is refused by our own commit, with its reason, and not by the job as a whole.
 */
export async function createStagingTable(
  http: Http,
  table: StagingTable,
  { columns }: TableTarget,
  now: Date,
): Promise<void> {
  const fields = columns.map(({ name, type }) => ({ name, type: type === 'JSON' ? 'STRING' : type }));
  await createScratchTable(http, table, fields, now);
}

/** Makes a table of columns that may be NULL. */
export async function createScratchTable(
  http: Http,
  { project, dataset, name }: StagingTable,
  columns: readonly { readonly name: string; readonly type: string }[],
  now: Date,
): Promise<void> {
  const fields = columns.map((column) => ({ ...column, mode: 'NULLABLE' }));
  await http.send({
    method: 'POST',
    url: `https://bigquery.googleapis.com/bigquery/v2/projects/${project}/datasets/${dataset}/tables`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      tableReference: { projectId: project, datasetId: dataset, tableId: name },
      expirationTime: String(now.getTime() + lifeMs),
      labels: { app: 'catchment' },
      schema: { fields },
    }),
    auth: 'google',
    // It was made by a run that died before it launched the job.
    expect: [409],
  });
}

import { z } from 'zod';
import { fatal } from '../../errors.ts';
import type { QueryResult } from '../warehouse.ts';
import { readCell, resultField, resultRow } from './cells.ts';
import type { Bigquery } from './jobs.ts';
import { runJob } from './jobs.ts';
import type { Params } from './params.ts';
import { queryParameters } from './params.ts';

export interface Script {
  /** What it does, for errors: lower case. */
  readonly what: string;
  /** Made by `jobId`: the same script is run once, however often it is sent. */
  readonly id: string;
  readonly sql: string;
  readonly params: Params;
}

/** Runs SQL that writes, as a job, and gives the rows of its last SELECT. A script that fails has changed nothing. */
export async function runScript(bigquery: Bigquery, { what, id, sql, params }: Script): Promise<QueryResult> {
  const query = {
    query: sql,
    useLegacySql: false,
    parameterMode: 'NAMED',
    queryParameters: queryParameters(params),
  };
  const done = await runJob(bigquery, { what, id, configuration: { query } });
  return readPages(bigquery, what, await pageOf(bigquery, what, done.id), done.id);
}

/** Runs SQL that only reads. */
export async function select(
  bigquery: Bigquery,
  { what, sql, params }: Omit<Script, 'id'>,
): Promise<QueryResult> {
  const { rest, settings } = bigquery;
  const reply = await rest({
    what,
    method: 'POST',
    path: 'queries',
    json: {
      query: sql,
      useLegacySql: false,
      location: settings.location,
      parameterMode: 'NAMED',
      queryParameters: queryParameters(params),
      defaultDataset: { projectId: settings.project, datasetId: settings.dataset },
      formatOptions: { useInt64Timestamp: true },
      timeoutMs: 20_000,
      maxResults: pageRows,
    },
  });
  const first = parsePage(what, reply.json);
  const result = await readPages(bigquery, what, first, first.jobReference.jobId);
  bigquery.meter.billed += result.billed;
  return result;
}

const pageRows = 10_000;

const pageBody = z.object({
  jobComplete: z.boolean(),
  jobReference: z.object({ jobId: z.string() }),
  schema: z.object({ fields: z.array(resultField) }).optional(),
  rows: z.array(resultRow).default([]),
  pageToken: z.string().optional(),
  totalBytesBilled: z.string().optional(),
  totalBytesProcessed: z.string().optional(),
});

type Page = z.output<typeof pageBody>;

async function readPages(
  bigquery: Bigquery,
  what: string,
  first: Page,
  job: string,
): Promise<QueryResult & { readonly billed: number }> {
  let page = first;
  // The service holds an answer back until the job ends or the time is up, so this does not spin.
  while (!page.jobComplete) page = await pageOf(bigquery, what, job);
  const fields = page.schema?.fields ?? [];
  const rows: unknown[][] = [];
  const billed = Number(page.totalBytesBilled ?? page.totalBytesProcessed ?? 0);
  for (;;) {
    for (const { f } of page.rows) rows.push(fields.map((field, index) => readCell(field, f[index]?.v)));
    if (page.pageToken === undefined) return { columns: fields.map(({ name }) => name), rows, billed };
    page = await pageOf(bigquery, what, job, page.pageToken);
  }
}

async function pageOf(
  { rest, settings }: Bigquery,
  what: string,
  job: string,
  pageToken?: string,
): Promise<Page> {
  const reply = await rest({
    what,
    method: 'GET',
    path: `queries/${job}`,
    query: {
      location: settings.location,
      maxResults: String(pageRows),
      timeoutMs: '20000',
      'formatOptions.useInt64Timestamp': 'true',
      ...(pageToken === undefined ? {} : { pageToken }),
    },
  });
  return parsePage(what, reply.json);
}

function parsePage(what: string, json: unknown): Page {
  const result = pageBody.safeParse(json);
  if (result.success) return result.data;
  throw fatal('warehouse', {
    what: `BigQuery: ${what} got an answer that is no result`,
    cause: result.error,
  });
}

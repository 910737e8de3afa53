import { z } from 'zod';
import type { CatchmentError } from '../../core/errors.ts';
import { fatal } from '../../core/errors.ts';
import type { Http, RawReply } from '../../core/http/http.ts';
import type { ResultField } from '../../core/warehouses/bigquery/cells.ts';
import { resultField, resultRow } from '../../core/warehouses/bigquery/cells.ts';
import type { DatabaseSettings } from '../source.ts';

const page = z.object({
  jobComplete: z.boolean().default(false),
  jobReference: z.object({ jobId: z.string(), location: z.string().optional() }),
  schema: z.object({ fields: z.array(resultField) }).optional(),
  rows: z.array(resultRow).default([]),
  totalRows: z.string().optional(),
  pageToken: z.string().optional(),
});

const tableShape = z.object({
  type: z.string().default('TABLE'),
  numRows: z.string().optional(),
  schema: z.object({ fields: z.array(resultField.and(z.object({ description: z.string().optional() }))) }),
});

const dryRunShape = z.object({
  statistics: z.object({
    totalBytesProcessed: z.string().optional(),
    query: z.object({ schema: z.object({ fields: z.array(resultField) }).optional() }).optional(),
  }),
});

const listShape = z.object({ nextPageToken: z.string().optional() });

/** One page of an answer. */
export interface ResultPage {
  readonly fields: readonly ResultField[];
  readonly rows: readonly z.output<typeof resultRow>[];
  /** Of all pages. */
  readonly total: number;
}

export type BigqueryTable = z.output<typeof tableShape>;

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query: a page is 10 MB at most, whatever this says. */
const pageRows = 10_000;

/** How long one call waits for a query that runs; then it is asked for again. */
const waitMs = 60_000;

/** The calls of BigQuery's REST interface that this source makes. */
export function createApi(http: Http, settings: DatabaseSettings, table: string) {
  const { project = '', location = '', maximumGigabytesBilled } = settings;
  const own = `projects/${encodeURIComponent(project)}`;

  const call = async (
    method: 'GET' | 'POST',
    url: string,
    more: { readonly query?: Record<string, string>; readonly body?: object },
  ): Promise<unknown> => {
    const { bytes } = await http.send({
      method,
      url,
      auth: 'google',
      ...(more.query === undefined ? {} : { query: more.query }),
      ...(more.body === undefined
        ? {}
        : { body: JSON.stringify(more.body), headers: { 'content-type': 'application/json' } }),
      refuse: (reply) => refusal(reply, settings, table),
    });
    return JSON.parse(new TextDecoder().decode(bytes));
  };

  /** Waits at the server until the query is done. */
  const settled = async (json: unknown): Promise<z.output<typeof page>> => {
    let answer = page.parse(json);
    while (!answer.jobComplete)
      answer = page.parse(
        await call('GET', `${own}/queries/${answer.jobReference.jobId}`, { query: paging() }),
      );
    return answer;
  };
  const paging = (token?: string) => ({
    location,
    maxResults: String(pageRows),
    timeoutMs: String(waitMs),
    'formatOptions.useInt64Timestamp': 'true',
    ...(token === undefined ? {} : { pageToken: token }),
  });

  return {
    /** A SELECT, page by page, all of one answer. Refused by BigQuery when it would read more than the setting allows. */
    async *select(sql: string): AsyncGenerator<ResultPage, void, undefined> {
      let answer = await settled(
        await call('POST', `${own}/queries`, {
          body: {
            query: sql,
            useLegacySql: false,
            location,
            parameterMode: 'NAMED',
            queryParameters: [],
            formatOptions: { useInt64Timestamp: true },
            timeoutMs: waitMs,
            maxResults: pageRows,
            maximumBytesBilled: String(Math.round(maximumGigabytesBilled * 1e9)),
          },
        }),
      );
      const fields = answer.schema?.fields ?? [];
      const total = Number(answer.totalRows ?? answer.rows.length);
      yield { fields, rows: answer.rows, total };
      while (answer.pageToken !== undefined) {
        const next: unknown = await call('GET', `${own}/queries/${answer.jobReference.jobId}`, {
          query: paging(answer.pageToken),
        });
        answer = await settled(next);
        yield { fields, rows: answer.rows, total };
      }
    },

    /** What a table is, without a query. */
    async table([tableProject, dataset, name]: readonly [string, string, string]): Promise<BigqueryTable> {
      const path = `projects/${encodeURIComponent(tableProject)}/datasets/${encodeURIComponent(dataset)}/tables/${encodeURIComponent(name)}`;
      return tableShape.parse(await call('GET', path, {}));
    },

    /** Costs nothing: the bytes a query would read, and its columns. */
    async dryRun(sql: string): Promise<{ bytes: number | undefined; fields: readonly ResultField[] }> {
      const json = await call('POST', `${own}/jobs`, {
        body: {
          jobReference: { projectId: project, location },
          configuration: { dryRun: true, query: { query: sql, useLegacySql: false } },
        },
      });
      const { totalBytesProcessed, query } = dryRunShape.parse(json).statistics;
      const bytes = totalBytesProcessed === undefined ? undefined : Number(totalBytesProcessed);
      return { bytes, fields: query?.schema?.fields ?? [] };
    },

    /** All pages of a list below a project. */
    async *list<T>(path: string, shape: z.ZodType<T>): AsyncGenerator<T, void, undefined> {
      let token: string | undefined;
      do {
        const query = { maxResults: '1000', ...(token === undefined ? {} : { pageToken: token }) };
        const json = await call('GET', path, { query });
        yield shape.parse(json);
        token = listShape.parse(json).nextPageToken;
      } while (token !== undefined);
    },
  };
}

export type Api = ReturnType<typeof createApi>;

const errorBody = z.object({
  error: z.object({
    message: z.string().default(''),
    errors: z.array(z.object({ reason: z.string().optional() })).default([]),
  }),
});

/** What BigQuery refuses, and what to do about it. https://cloud.google.com/bigquery/docs/error-messages */
function refusal(
  { status, bytes }: RawReply,
  { project, maximumGigabytesBilled }: DatabaseSettings,
  table: string,
): CatchmentError | undefined {
  const body = errorBody.safeParse(parse(new TextDecoder().decode(bytes)));
  if (!body.success) return undefined;
  const { message, errors } = body.data.error;
  const reason = errors[0]?.reason ?? '';
  const said = message.replaceAll(/\s+/g, ' ').slice(0, 300);
  const where = table;
  if (reason === 'bytesBilledLimitExceeded')
    return fatal('vendor', {
      where,
      what: `the query would read more than ${maximumGigabytesBilled} GB (${said})`,
      todo: 'read fewer columns, name a watermark by which the table is partitioned, or raise maximumGigabytesBilled',
    });
  if (/Unrecognized name|not found inside/i.test(said))
    return fatal('bad-schema', {
      where,
      what: `a column is not there (${said})`,
      todo: 'compare the schema file with the table: npx catchment schema infer',
    });
  if (status === 404)
    return fatal('bad-input', {
      where,
      what: `it is not there (${said})`,
      todo: 'correct `from` of the table, and project and location of the group, in the stack file',
    });
  if (status === 403 && reason === 'accessDenied')
    return fatal('vendor', {
      where,
      what: `the service account may not read it (${said})`,
      todo: `grant it roles/bigquery.dataViewer on the dataset and roles/bigquery.jobUser on the project ${project ?? ''}`,
    });
  if (status === 400)
    return fatal('vendor', {
      where,
      what: `BigQuery refuses the query (${said})`,
      todo: 'correct `from` or `query` of the table in the stack file',
    });
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

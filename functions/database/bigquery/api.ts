import { z } from 'zod';
import type { CatchmentError } from '../../core/errors.ts';
import { fatal, retryable } from '../../core/errors.ts';
import type { Http, RawReply } from '../../core/http/http.ts';
import type { QueryRefusal } from '../../core/query-offer.ts';
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
  // Told when the first call's answer is whole, and never with a later page.
  totalBytesBilled: z.string().optional(),
});

/** https://cloud.google.com/bigquery/docs/reference/rest/v2/Job#JobStatistics2 */
const billedShape = z.object({
  statistics: z.object({ query: z.object({ totalBytesBilled: z.string().default('0') }) }),
});

const tableShape = z.object({
  type: z.string().default('TABLE'),
  numRows: z.string().optional(),
  // Without a field a table is partitioned by the time of its loading.
  timePartitioning: z.object({ field: z.string().optional() }).optional(),
  rangePartitioning: z.object({ field: z.string().optional() }).optional(),
  clustering: z.object({ fields: z.array(z.string()).optional() }).optional(),
  requirePartitionFilter: z.boolean().optional(),
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
      refuse: (reply) => explain(refusalOf(reply), settings, table),
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
  const paging = (startIndex = 0, maxResults = pageRows) => ({
    location,
    maxResults: String(maxResults),
    timeoutMs: String(waitMs),
    'formatOptions.useInt64Timestamp': 'true',
    ...(startIndex === 0 ? {} : { startIndex: String(startIndex) }),
  });
  /** Looks a job up when its first answer did not say what it is billed for, which costs nothing. */
  const charge = async ({ totalBytesBilled, jobReference }: z.output<typeof page>): Promise<void> => {
    if (totalBytesBilled !== undefined) return http.charge(Number(totalBytesBilled));
    const job = await call('GET', `${own}/jobs/${jobReference.jobId}`, { query: { location } });
    http.charge(Number(billedShape.parse(job).statistics.query.totalBytesBilled));
  };
  /** The rows of an answer from one on up to another, which is not among them. A page may be shorter than asked for. */
  const spanOf = async (jobId: string, from: number, to: number): Promise<ResultPage['rows']> => {
    const rows: z.output<typeof resultRow>[] = [];
    while (from + rows.length < to) {
      const start = from + rows.length;
      const query = paging(start, to - start);
      const next = page.parse(await call('GET', `${own}/queries/${jobId}`, { query }));
      if (next.rows.length === 0)
        throw retryable('vendor', {
          where: table,
          what: `BigQuery gives no row ${start} of an answer that has ${to} and more`,
          todo: 'nothing of this slice was loaded; the next run reads it again',
        });
      rows.push(...next.rows);
    }
    return rows;
  };

  return {
    /**
     * A SELECT, page by page, all of one answer, which stays as it is whatever happens to the tables. Refused by BigQuery
     * when it would read more than the setting allows.
     *
     * @param readers pages that are under way at once
     */
    async *select(sql: string, readers = 1): AsyncGenerator<ResultPage, void, undefined> {
      const answer = await settled(
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
      await charge(answer);
      const fields = answer.schema?.fields ?? [];
      const total = Number(answer.totalRows ?? answer.rows.length);
      const { jobId } = answer.jobReference;
      yield { fields, rows: answer.rows, total };
      const read = (from: number) => spanOf(jobId, from, Math.min(from + pageRows, total));
      for await (const rows of sideBySide(answer.rows.length, total, { step: pageRows, readers, read }))
        yield { fields, rows, total };
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

/** Reads `from` to `to` in steps, several at once, and gives them in their order. */
async function* sideBySide<T>(
  from: number,
  to: number,
  {
    step,
    readers,
    read,
  }: { readonly step: number; readonly readers: number; readonly read: (from: number) => Promise<T> },
): AsyncGenerator<T, void, undefined> {
  const reading: Promise<T>[] = [];
  let at = from;
  while (at < to || reading.length > 0) {
    while (at < to && reading.length < readers) {
      const one = read(at);
      // Whoever waits for it gets the error; until then it must not end the process.
      one.catch(() => undefined);
      reading.push(one);
      at += step;
    }
    const first = await reading.shift();
    if (first !== undefined) yield first;
  }
}

const errorBody = z.object({
  error: z.object({
    message: z.string().default(''),
    errors: z.array(z.object({ reason: z.string().optional() })).default([]),
  }),
});

function refusalOf({ bytes }: RawReply): QueryRefusal | undefined {
  const body = errorBody.safeParse(parse(new TextDecoder().decode(bytes)));
  if (!body.success) return undefined;
  const { message, errors } = body.data.error;
  return { reason: errors[0]?.reason ?? '', message };
}

/**
 * What BigQuery refuses, and what to do about it; undefined for what passes by itself.
 * https://cloud.google.com/bigquery/docs/error-messages
 */
export function explain(
  refusal: QueryRefusal | undefined,
  { project, maximumGigabytesBilled }: DatabaseSettings,
  table: string,
): CatchmentError | undefined {
  if (refusal === undefined) return undefined;
  const { reason, message } = refusal;
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
  if (reason === 'notFound')
    return fatal('bad-input', {
      where,
      what: `it is not there (${said})`,
      todo: 'correct `from` of the table, and project and location of the group, in the stack file',
    });
  if (reason === 'accessDenied')
    return fatal('vendor', {
      where,
      what: `the service account may not read it (${said})`,
      todo: `grant it roles/bigquery.dataViewer on the dataset and roles/bigquery.jobUser on the project ${project ?? ''}`,
    });
  if (reason === 'responseTooLarge')
    return fatal('vendor', {
      where,
      what: `the query gives more than the 10 GB that BigQuery hands out without a table for them (${said})`,
      todo: 'name a watermark by which the table is partitioned or clustered, so that it is read in ranges; or read fewer columns',
    });
  if (['invalid', 'invalidQuery', 'required', 'parseError'].includes(reason))
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

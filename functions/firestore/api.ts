import { z } from 'zod';
import { fatal, retryable } from '../core/errors.ts';
import type { Http, RawReply } from '../core/http/http.ts';
import { documentShape } from './values.ts';

const errorShape = z.object({
  code: z.number().optional(),
  message: z.string().optional(),
  status: z.string().optional(),
});

/** One element of the stream of answers; the last ones may be empty. */
const queryAnswer = z.object({
  document: documentShape.optional(),
  readTime: z.string().optional(),
  error: errorShape.optional(),
});
const countAnswer = z.object({
  result: z
    .object({ aggregateFields: z.object({ rows: z.object({ integerValue: z.string() }) }) })
    .optional(),
  error: errorShape.optional(),
});
const collectionsAnswer = z.object({
  collectionIds: z.array(z.string()).optional(),
  nextPageToken: z.string().optional(),
});

type ApiError = z.output<typeof errorShape>;

/** The calls of the API that this source makes. */
export function createApi(http: Http, where: string) {
  const post = async (url: string, body: object): Promise<unknown> => {
    const { bytes } = await http.send({
      method: 'POST',
      url,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      auth: 'google',
      refuse: (reply) => refusal(errorOf(reply), where),
    });
    return JSON.parse(new TextDecoder().decode(bytes));
  };
  const list = async <T extends { readonly error?: ApiError | undefined }>(
    shape: z.ZodType<T>,
    url: string,
    body: object,
  ): Promise<T[]> => {
    const answers = z.array(shape).parse(await post(url, body));
    // A stream that breaks has begun with status 200, so the error stands among the answers.
    const error = answers.find((answer) => answer.error !== undefined)?.error;
    if (error === undefined) return answers;
    throw (
      refusal(error, where) ??
      retryable('vendor', {
        where,
        what: `Firestore broke off an answer (${textOf(error)})`,
        todo: 'nothing of it was loaded; the next run reads it again',
      })
    );
  };

  return {
    /** Documents of one page, and the moment whose state they show. */
    async query(parent: string, structuredQuery: object, readTime?: string) {
      const answers = await list(queryAnswer, `${parent}:runQuery`, { structuredQuery, readTime });
      const documents = answers.flatMap(({ document }) => (document === undefined ? [] : [document]));
      const moment = readTime ?? answers.find((answer) => answer.readTime !== undefined)?.readTime;
      if (moment === undefined) throw fatal('vendor', { where, what: 'Firestore named no read time' });
      return { documents, readTime: moment };
    },

    async count(parent: string, structuredQuery: object, readTime: string): Promise<number> {
      const structuredAggregationQuery = { structuredQuery, aggregations: [{ alias: 'rows', count: {} }] };
      const answers = await list(countAnswer, `${parent}:runAggregationQuery`, {
        structuredAggregationQuery,
        readTime,
      });
      return Number(
        answers.find(({ result }) => result !== undefined)?.result?.aggregateFields.rows.integerValue,
      );
    },

    /** Ids of the collections below a document, or at the root. */
    async collections(parent: string): Promise<readonly string[]> {
      const ids: string[] = [];
      for (let pageToken: string | undefined = ''; pageToken !== undefined; ) {
        const body: object = { pageSize: 300, ...(pageToken === '' ? {} : { pageToken }) };
        const answer: z.output<typeof collectionsAnswer> = collectionsAnswer.parse(
          await post(`${parent}:listCollectionIds`, body),
        );
        ids.push(...(answer.collectionIds ?? []));
        pageToken = answer.nextPageToken || undefined;
      }
      return ids.sort();
    },
  };
}

function errorOf({ bytes }: RawReply): ApiError {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    // Calls that stream answer an error as a list of one.
    const first = Array.isArray(json) ? json[0] : json;
    return z.object({ error: errorShape }).parse(first).error;
  } catch {
    return {};
  }
}

/** @see https://cloud.google.com/firestore/docs/understand-error-codes */
function refusal(error: ApiError, where: string): Error | undefined {
  const what = `Firestore refused (${textOf(error)})`;
  switch (error.status) {
    case 'UNAUTHENTICATED':
      return fatal('auth', { where, what, todo: 'check that the job runs as a service account that exists' });
    case 'PERMISSION_DENIED':
      return fatal('auth', {
        where,
        what,
        todo: "give the pipeline's service account roles/datastore.viewer in the database's project, and enable firestore.googleapis.com there",
      });
    case 'NOT_FOUND':
      return fatal('bad-input', {
        where,
        what,
        todo: 'correct project and database of the group in the stack file',
      });
    case 'FAILED_PRECONDITION':
      return fatal('vendor', {
        where,
        what,
        todo: 'if an index is missing, create it by the link in this message; a read that took longer than an hour needs a watermark',
      });
    case 'INVALID_ARGUMENT':
      return fatal('vendor', { where, what });
    default:
      return undefined;
  }
}

function textOf({ status, message }: ApiError): string {
  return [status, message].filter((part) => part !== undefined).join(': ') || 'no reason given';
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkKeys, invalid, Refusal } from './refuse.ts';
import { runQuery } from './run-query.ts';
import type { Store, Stored } from './store.ts';

export interface ServerState {
  readonly project: string;
  readonly store: Store;
  readonly fault: string | undefined;
  /** Calls that read documents, so far. */
  queries: number;
  /** Tokens handed out, so far. */
  tokens: number;
}

const hour = 3_600_000_000n;

/** Answers one request of the API, or of the metadata server that a deployed reader asks for its token. */
export function answer(
  state: ServerState,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): void {
  const send = (status: number, content: unknown) => {
    response
      .writeHead(status, { 'content-type': 'application/json; charset=UTF-8' })
      .end(JSON.stringify(content));
  };
  try {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://127.0.0.1').pathname);
    if (path.startsWith('/computeMetadata/')) {
      send(200, issueToken(state, request));
      return;
    }
    checkToken(state, request);
    const content = reply(state, request.method ?? '', path, body);
    if (state.fault === 'cut' && state.queries === 2 && Array.isArray(content)) {
      state.queries += 1;
      const text = JSON.stringify(content);
      response.writeHead(200, { 'content-length': Buffer.byteLength(text) }).write(text.slice(0, 2000));
      setImmediate(() => response.destroy());
      return;
    }
    send(200, content);
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'INTERNAL', String(error));
    send(refusal.code, refusal.body);
  }
}

function issueToken(state: ServerState, request: IncomingMessage) {
  if (request.headers['metadata-flavor'] !== 'Google')
    throw new Refusal(403, 'PERMISSION_DENIED', 'no Metadata-Flavor');
  state.tokens += 1;
  return { access_token: `sandbox-firestore-token-${state.tokens}`, expires_in: 3600, token_type: 'Bearer' };
}

function checkToken(state: ServerState, { headers }: IncomingMessage): void {
  const number = /^Bearer sandbox-firestore-token-(\d+)$/.exec(headers.authorization ?? '')?.[1];
  const isOld = state.fault === 'token-expired' && number === '1' && state.queries > 0;
  if (number === undefined || isOld || Number(number) > state.tokens)
    throw new Refusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
}

function reply(state: ServerState, method: string, path: string, body: string): unknown {
  const match = /^\/v1\/(projects\/([^/]+)\/databases\/([^/]+)\/documents)(?:\/(.+))?:(\w+)$/.exec(path);
  if (match === null || method !== 'POST')
    throw new Refusal(404, 'NOT_FOUND', 'The requested URL was not found.');
  const [, root = '', project, database, below = '', call = ''] = match;
  if (project !== state.project || database !== '(default)' || state.fault === 'no-database')
    throw new Refusal(404, 'NOT_FOUND', `The database ${database} does not exist for project ${project}`);
  if (below.split('/').length % 2 === 1 && below !== '')
    throw invalid(`Document name "${below}" has an odd number of parts`);
  const content = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const place = { root, below };
  if (call === 'listCollectionIds') return listCollections(state, content, below);
  misbehave(state);
  const moment = readTimeOf(state, content.readTime);
  const documents = state.store.at(moment);
  if (call === 'runQuery') {
    checkKeys(content, ['structuredQuery', 'readTime'], 'request');
    const found = [...runQuery(content.structuredQuery, documents, place)];
    if (state.fault === 'writes-between-pages') writeBetween(state.store, state.queries);
    if (state.fault === 'lost-page' && content.readTime !== undefined) found.length = 0;
    const readTime = timeText(moment);
    const answers: object[] = found.map((document) => ({ document: documentOf(document, root), readTime }));
    if (state.fault === 'broken-stream' && content.readTime !== undefined)
      answers.splice(3, answers.length, {
        error: { code: 13, message: 'Internal error.', status: 'INTERNAL' },
      });
    return answers.length === 0 ? [{ readTime }] : answers;
  }
  if (call === 'runAggregationQuery') {
    checkKeys(content, ['structuredAggregationQuery', 'readTime'], 'request');
    const { structuredQuery, aggregations } = content.structuredAggregationQuery as Readonly<
      Record<string, unknown>
    >;
    const [{ alias, count } = {} as { alias?: string; count?: object }] = aggregations as {
      alias?: string;
      count?: object;
    }[];
    if (alias === undefined || count === undefined) throw invalid('only count is known here');
    const rows = runQuery(structuredQuery, documents, place).length;
    return [
      {
        result: { aggregateFields: { [alias]: { integerValue: String(rows) } } },
        readTime: timeText(moment),
      },
    ];
  }
  throw new Refusal(404, 'NOT_FOUND', `There is no method ${call}`);
}

function misbehave(state: ServerState): void {
  state.queries += 1;
  const { fault, queries } = state;
  if (fault === 'unavailable' && queries === 1)
    throw new Refusal(503, 'UNAVAILABLE', 'The service is unavailable.');
  if (fault === 'aborted' && queries === 2)
    throw new Refusal(409, 'ABORTED', 'Too much contention on these documents.');
  if (fault === 'quota' && queries === 3) throw new Refusal(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.');
  if (fault === 'permission')
    throw new Refusal(403, 'PERMISSION_DENIED', 'Missing or insufficient permissions.');
}

/** A read in the past is possible for an hour. */
function readTimeOf({ store, fault }: ServerState, text: unknown): bigint {
  const now = store.now();
  if (text === undefined) return now;
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z$/.exec(String(text));
  if (match === null) throw invalid('read_time must have a precision of microseconds');
  const moment = BigInt(Date.parse(`${match[1]}Z`)) * 1000n + BigInt((match[2] ?? '').padEnd(6, '0'));
  if (moment > now) throw invalid('read_time is in the future');
  if (now - moment > hour || fault === 'slow-reader')
    throw new Refusal(400, 'FAILED_PRECONDITION', 'The requested snapshot version is too old.');
  return moment;
}

function listCollections({ store }: ServerState, content: Readonly<Record<string, unknown>>, below: string) {
  checkKeys(content, ['pageSize', 'pageToken', 'readTime'], 'request');
  const depth = below === '' ? 0 : below.split('/').length;
  const ids = store
    .at(store.now())
    .filter(({ path }) => below === '' || path.startsWith(`${below}/`))
    .map(({ path }) => path.split('/')[depth] ?? '');
  const all = [...new Set(ids)].sort();
  const from = Number(content.pageToken ?? 0);
  // One at a time, so that every reader follows the tokens.
  const next = from + 1 < all.length ? { nextPageToken: String(from + 1) } : {};
  return all.length === 0 ? {} : { collectionIds: all.slice(from, from + 1), ...next };
}

function writeBetween(store: Store, queries: number): void {
  store.put(`users/aaa-${queries}`, {
    name: { stringValue: 'new' },
    updated_at: { timestampValue: '2026-01-01T00:00:00Z' },
  });
  store.remove(`users/user-0012${queries % 10}`);
}

function documentOf({ path, fields, created, updated }: Stored, root: string) {
  return { name: `${root}/${path}`, fields, createTime: timeText(created), updateTime: timeText(updated) };
}

function timeText(micros: bigint): string {
  const whole = new Date(Number(micros / 1_000_000n) * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(micros % 1_000_000n).padStart(6, '0')}Z`;
}

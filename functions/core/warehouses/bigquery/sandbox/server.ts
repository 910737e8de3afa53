import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DuckDBInstance } from '@duckdb/node-api';
import { z } from 'zod';
import type { Catalog } from './catalog.ts';
import { createCatalog } from './catalog.ts';
import { macros } from './dialect.ts';
import type { JobFault, Jobs } from './jobs.ts';
import { createJobs, leastBilled } from './jobs.ts';
import { multipart } from './multipart.ts';
import { page, startOf } from './pages.ts';
import { Refused, refuse } from './refuse.ts';
import type { UploadReply, Uploads } from './resumable.ts';
import { createUploads } from './resumable.ts';
import type { SharedDataset } from './shared.ts';
import { addShared, schemaOf } from './shared.ts';
import { readObject } from './storage.ts';

/** Something that goes wrong with the first request that matches. */
export interface RequestFault {
  readonly match: (request: SeenRequest) => boolean;
  /** `lose-request`: nothing happens and the connection breaks; `lose-answer`: it happens, and the connection breaks. */
  readonly act: 'lose-request' | 'lose-answer' | { readonly status: number; readonly reason: string };
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export interface Emulator {
  readonly url: string;
  readonly catalog: Catalog;
  readonly jobs: Jobs;
  /** Objects of Cloud Storage by `gs://` URI; whoever may read BigQuery may read them. */
  readonly objects: Map<string, Buffer>;
  readonly uploads: Uploads;
  readonly requests: SeenRequest[];
  readonly requestFaults: RequestFault[];
  readonly jobFaults: JobFault[];
  /** Queries, by their text, that are not done yet when their first answer is due. */
  readonly slowQueries: ((sql: string) => boolean)[];
  /** Number of the access token that is good now; raise it to take the old one back. */
  token: number;
  close(): Promise<void>;
}

/**
 * Speaks the part of BigQuery's REST interface that the warehouse uses, over DuckDB in memory, and the metadata server's
 * token. Strict about names, required and unknown fields, job ids and states, tokens, etags, DDL in transactions and
 * transactions that change one table at once. It proves that the warehouse's requests fit together and its SQL means
 * what it should; it does not prove that BigQuery itself takes the SQL.
 */
export async function startEmulator(options: {
  readonly project: string;
  readonly location: string;
  readonly datasets: readonly string[];
  /** Datasets of other projects. @default none */
  readonly shared?: readonly SharedDataset[];
  /** @default 1500, as BigQuery has it */
  readonly loadsPerTable?: number;
}): Promise<Emulator> {
  const { project, location, loadsPerTable = 1500 } = options;
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connect = async () => {
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return connection;
  };
  const connection = await connect();
  for (const macro of macros) await connection.run(macro);
  const catalog = createCatalog(connection, project);
  for (const dataset of options.datasets) await catalog.addDataset(dataset);
  for (const each of options.shared ?? []) {
    await catalog.addDataset(`${each.project}.${each.dataset}`);
    await addShared(connection, each, catalog.adopt);
  }
  const jobFaults: JobFault[] = [];
  const writes = { clock: 0, changedAt: new Map<string, number>(), heldBy: new Map<string, object>() };
  const objects = new Map<string, Buffer>();
  const jobs = createJobs({
    project,
    location,
    catalog,
    objects,
    writes,
    connect,
    faults: jobFaults,
    loadsPerTable,
  });

  const server = createServer((request, response) => void answer(request, response));
  const emulator: Emulator = {
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    catalog,
    jobs,
    objects,
    uploads: createUploads((job, content) => jobs.json(jobs.start(job, content, randomUUID))),
    requests: [],
    requestFaults: [],
    jobFaults,
    slowQueries: [],
    token: 1,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all(jobs.all().map(({ ended }) => ended));
      connection.closeSync();
      instance.closeSync();
    },
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://emulator');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const seen = { method: request.method ?? '', path: url.pathname, body: bytes.toString('latin1') };
    emulator.requests.push(seen);
    const at = emulator.requestFaults.findIndex(({ match }) => match(seen));
    const [fault] = at < 0 ? [] : emulator.requestFaults.splice(at, 1);
    if (fault?.act === 'lose-request') {
      request.socket.destroy();
      return;
    }
    const reply = await replyTo({ emulator, project, location }, { request, url, bytes, fault }).catch(
      wordError,
    );
    if (fault?.act === 'lose-answer') {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.content ?? (reply.body === undefined ? '' : JSON.stringify(reply.body)));
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return emulator;
}

type Reply = UploadReply & { readonly content?: Buffer };

interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly bytes: Buffer;
  readonly fault: RequestFault | undefined;
}

interface Where {
  readonly emulator: Emulator;
  readonly project: string;
  readonly location: string;
}

async function replyTo({ emulator, project, location }: Where, asked: Asked): Promise<Reply> {
  const { request, url, bytes, fault } = asked;
  if (fault !== undefined && typeof fault.act === 'object')
    refuse(fault.act.reason, 'made to fail', fault.act.status);
  if (url.pathname.startsWith('/computeMetadata/')) return token(emulator, request, url);
  if (request.headers.authorization !== `Bearer token-${emulator.token}`)
    refuse('authError', 'Request had invalid authentication credentials.', 401);
  if (url.pathname.startsWith('/storage/')) return readObject(emulator.objects, url, request.headers);
  const match = /^(\/upload)?\/bigquery\/v2\/projects\/([^/]+)\/(.+)$/.exec(url.pathname);
  const [, upload, owner = '', path = ''] = match ?? [];
  // Of another project's datasets tables are read, and nothing else is done.
  if (match === null || (owner !== project && !/^datasets\/[^/]+\/tables\/[^/]+$/.test(path)))
    return refuse('notFound', `no such path ${url.pathname}`, 404);
  if (owner !== project && request.method !== 'GET')
    refuse('accessDenied', `Access Denied: Project ${owner}: Permission denied`, 403);
  const json = () => JSON.parse(bytes.toString('utf8')) as unknown;
  const route = `${request.method} ${path.replace(/(datasets|tables|jobs|queries)\/[^/]+/g, '$1/*')}`;
  const [, dataset = '', table = ''] = /^datasets\/([^/]+)\/tables(?:\/(.+))?$/.exec(path) ?? [];
  const { catalog, jobs } = emulator;
  if (upload !== undefined) {
    const session = url.searchParams.get('upload_id');
    const type = url.searchParams.get('uploadType');
    if (route === 'PUT jobs' && session !== null)
      return emulator.uploads.put(session, String(request.headers['content-range']), bytes);
    if (route === 'POST jobs' && type === 'resumable')
      return emulator.uploads.begin(json(), `${emulator.url}${url.pathname}${url.search}`);
    if (route !== 'POST jobs' || type !== 'multipart') return refuse('invalid', 'this is no upload of a job');
    const { body, content } = multipart(request.headers['content-type'] ?? '', bytes);
    return { status: 200, body: jobs.json(jobs.start(body, content, randomUUID)) };
  }
  switch (route) {
    case 'POST datasets/*/tables':
      return { status: 200, body: catalog.json(await catalog.create(dataset, json())) };
    case 'GET datasets/*/tables/*':
      return { status: 200, body: catalog.json(catalog.find(schemaOf(project, owner, dataset), table)) };
    case 'PATCH datasets/*/tables/*': {
      const found = catalog.find(dataset, table);
      return {
        status: 200,
        body: catalog.json(await catalog.patch(found, request.headers['if-match'], json())),
      };
    }
    case 'DELETE datasets/*/tables/*':
      await catalog.remove(dataset, table);
      return { status: 204 };
    case 'POST jobs': {
      const body = json() as { configuration?: { dryRun?: boolean; query?: { query: string } } };
      const sql = body.configuration?.query?.query;
      if (body.configuration?.dryRun !== true || sql === undefined)
        return { status: 200, body: jobs.json(jobs.start(body, undefined, randomUUID)) };
      return { status: 200, body: await jobs.dryRun(body) };
    }
    case 'GET jobs/*':
      checkLocation(url, location, path);
      return { status: 200, body: jobs.json(jobs.find(path.slice('jobs/'.length))) };
    case 'POST queries':
      return { status: 200, body: await syncQuery({ emulator, project, location }, json()) };
    case 'GET queries/*': {
      checkLocation(url, location, path);
      if (url.searchParams.get('formatOptions.useInt64Timestamp') !== 'true')
        refuse('invalid', 'the emulator writes timestamps as INT64 only');
      const job = jobs.find(path.slice('queries/'.length));
      return { status: 200, body: await page(job, startOf(url), Number(url.searchParams.get('maxResults'))) };
    }
    default:
      return refuse('notFound', `no such method ${route}`, 404);
  }
}

/** A job of another location is not found, which is the usual reason for a job that seems to be gone. */
function checkLocation(url: URL, location: string, path: string): void {
  const asked = url.searchParams.get('location');
  if (asked !== location) refuse('notFound', `Not found: Job ${asked}.${path.split('/')[1]}`, 404);
}

function token(emulator: Emulator, request: IncomingMessage, url: URL): Reply {
  if (request.headers['metadata-flavor'] !== 'Google') return refuse('forbidden', 'no Metadata-Flavor', 403);
  if (url.pathname !== '/computeMetadata/v1/instance/service-accounts/default/token')
    return refuse('notFound', 'no such metadata', 404);
  return {
    status: 200,
    body: { access_token: `token-${emulator.token}`, expires_in: 3599, token_type: 'Bearer' },
  };
}

const syncBody = z.strictObject({
  query: z.string(),
  useLegacySql: z.literal(false),
  location: z.string(),
  parameterMode: z.string().optional(),
  queryParameters: z.array(z.unknown()).optional(),
  defaultDataset: z.unknown().optional(),
  formatOptions: z.strictObject({ useInt64Timestamp: z.literal(true) }),
  timeoutMs: z.number().optional(),
  maxResults: z.number().optional(),
  requestId: z.string().max(36).optional(),
  maximumBytesBilled: z.string().optional(),
});

async function syncQuery({ emulator, project, location }: Where, json: unknown): Promise<unknown> {
  const { location: asked, formatOptions, timeoutMs, maxResults, requestId, ...query } = syncBody.parse(json);
  if (asked !== location) refuse('notFound', `Not found: Dataset in location ${asked}`, 404);
  if (emulator.jobs.statementType(query.query) !== 'SELECT')
    refuse('invalid', 'only reads are sent this way');
  const job = emulator.jobs.start(
    {
      jobReference: { projectId: project, location },
      configuration: { query },
    },
    undefined,
    randomUUID,
  );
  // BigQuery answers when the time is up that the caller waits, whether the query is done or not.
  if (emulator.slowQueries.some((match) => match(query.query)))
    return { jobComplete: false, jobReference: { projectId: project, jobId: job.id, location } };
  return { ...(await page(job, 0)), totalBytesBilled: String(leastBilled) };
}

function wordError(error: unknown): Reply {
  const refused =
    error instanceof Refused
      ? error
      : error instanceof z.ZodError
        ? new Refused('invalid', error.message)
        : new Refused('internalError', String(error), 500);
  const { status, reason, message } = refused;
  return { status, body: { error: { code: status, message, errors: [{ reason, message }] } } };
}

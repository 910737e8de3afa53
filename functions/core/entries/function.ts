import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '../clock.ts';
import { asCatchmentError, fatal, retryable } from '../errors.ts';
import { type Answer, errorAnswer, send, summaryAnswer } from './answer.ts';
import { readFields, takeBodiesAsBytes } from './body.ts';
import type { Bundled, Entry } from './entry.ts';
import type { Host } from './host.ts';
import type { Order, OrderNames } from './order.ts';
import { watchStop } from './stop.ts';

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly source: string;
  /** The environment, read at the first call that needs it. */
  readonly host: () => Promise<Host>;
}

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly answer: (call: Call) => Promise<Answer>;
}

const extractNames = {
  group: 'group',
  from: 'start_date',
  to: 'end_date',
  writeMode: 'write_mode',
  resume: 'resume',
  resnapshot: 'resnapshot',
  table: 'table',
};
const backfillNames = { group: 'group', months: 'months', writeMode: 'write_mode' };

const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/health',
    answer: async ({ source }) => ({ status: 200, body: { status: 'ok', source } }),
  },
  { method: 'GET', path: '/status', answer: status },
  { method: 'POST', path: '/extract', answer: (call) => run(call, extractNames) },
  { method: 'POST', path: '/backfill', answer: (call) => run(call, backfillNames) },
];

/**
 * A source as an HTTP function.
 *
 * - `GET /health`: the process is up; touches nothing
 * - `GET /status`: the last runs, cursors and owed slices of every group, from the ledger
 * - `POST /extract {group?, start_date?, end_date?, write_mode?, resume?, resnapshot?, table?}`: the incremental run, or
 *   the days that are named. The first incremental run loads the last 7 days. With `resume: true` only a run that was
 *   deferred goes on; with `resnapshot: true` all tables of a log, or the named ones, are read whole again
 * - `POST /backfill?months=6&group=&write_mode=`: the last months up to yesterday, beside the incremental run
 *
 * Fields may stand in the query or in a JSON body. A run answers with its summary, an error with
 * `{ error: { code, message, field?, allowed?, retryable } }`: see `errorAnswer` and `summaryAnswer`.
 */
export function createHandler(bundled: Bundled): Entry['handler'] {
  if (process.argv[1]?.includes('functions-framework')) takeBodiesAsBytes();
  let opened: Promise<Host> | undefined;
  const host = () => {
    opened ??= import('./host.ts').then(({ openHost }) => openHost(bundled, process.env));
    return opened;
  };
  return async (request, response) => {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://function');
    const call: Call = { request, response, query, source: bundled.source, host };
    const answer = await route(call, pathname).catch((error: unknown) =>
      errorAnswer(asCatchmentError(error, bundled.source), 500, systemClock()),
    );
    send(response, answer);
  };
}

async function route(call: Call, path: string): Promise<Answer> {
  const known = routes.filter(
    (candidate) => candidate.path === path || candidate.path === path.replace(/\/$/, ''),
  );
  const method = call.request.method === 'HEAD' ? 'GET' : call.request.method;
  const found = known.find((candidate) => candidate.method === method);
  if (found !== undefined) return found.answer(call);
  const [other] = known;
  const got = `${call.request.method} ${path}`;
  if (other === undefined) {
    const allowed = routes.map((candidate) => `${candidate.method} ${candidate.path}`);
    return errorAnswer(
      fatal('bad-input', { what: 'there is no such route', got, allowed }),
      404,
      systemClock(),
    );
  }
  const error = fatal('bad-input', { what: 'wrong method', got, allowed: [`${other.method} ${other.path}`] });
  return { ...errorAnswer(error, 405, systemClock()), headers: { allow: other.method } };
}

async function status({ host, query }: Call): Promise<Answer> {
  const opened = await host();
  const [unknown] = query.keys();
  if (unknown !== undefined) {
    const error = fatal('bad-input', {
      what: `unknown field "${unknown}"`,
      field: unknown,
      allowed: 'no fields',
    });
    return errorAnswer(error, 400, opened.now());
  }
  const { readStatus } = await import('./status.ts');
  return { status: 200, body: await readStatus(opened) };
}

async function run(call: Call, names: Partial<OrderNames>): Promise<Answer> {
  const host = await call.host();
  const { parseOrder } = await import('./order.ts');
  let order: Order;
  try {
    const fields = await readFields(call.request, call.query);
    order = parseOrder(fields, { pipeline: host.pipeline, names, now: host.now() });
  } catch (thrown) {
    const error = asCatchmentError(thrown, host.pipeline.name);
    return errorAnswer(error, error.code === 'too-large' ? 413 : 400, host.now());
  }
  const stop = watchStop();
  const gone = new AbortController();
  const end = () => {
    if (!call.response.writableFinished)
      gone.abort(retryable('cancelled', { where: host.pipeline.name, what: 'the caller hung up' }));
    stop.done();
  };
  if (call.response.closed) end();
  else call.response.once('close', end);
  // Cloud Scheduler names itself: https://cloud.google.com/scheduler/docs/reference/rpc/google.cloud.scheduler.v1#httptarget
  const trigger = call.request.headers['x-cloudscheduler'] === 'true' ? 'schedule' : 'http';
  const summary = await host.run(order, { trigger, signal: AbortSignal.any([stop.signal, gone.signal]) });
  return summaryAnswer(summary, stop.signal.aborted, host.now());
}

import { expect } from 'vitest';
import type { CatchmentError } from '../errors.ts';
import { createRedactor } from '../secrets.ts';
import { createHttp } from './client.ts';
import type { AnswerPolicy, HttpPolicy } from './policy.ts';
import type { ScriptedServer, Step } from './scripted-server.ts';
import { startScriptedServer } from './scripted-server.ts';

export const token = 'tok/en+1234567890=';
export const answer: AnswerPolicy = {
  codeField: 'code',
  messageField: 'message',
  requestIdField: 'request_id',
  ok: [0, 20001],
  rules: [
    { codes: [40100], action: 'retry', waitSeconds: 300, means: 'too many requests' },
    { codes: [40067], action: 'split', means: 'the query is too large' },
    { codes: [40105], action: 'auth', means: 'the access token is wrong' },
    { codes: [40002], action: 'fatal', means: 'a parameter is wrong' },
    { codes: [[51000, 51099]], action: 'retry', means: 'an error of the service' },
    { codes: [60001], action: 'wait', waitSeconds: 20, means: 'maintenance' },
    { codes: [61000], action: 'wait', waitSeconds: 3600, means: 'the app is blocked' },
    { codes: [51001], action: 'fatal', means: 'never reached: an earlier rule names it' },
  ],
};
export const refusal = (code: unknown, message = 'no') => ({ body: { code, message, request_id: 'R1' } });
export const fine = { body: { code: 0, message: 'OK', data: [1] } };

let server: ScriptedServer | undefined;

/** The server of the last `open`. */
export function lastServer(): ScriptedServer {
  if (server === undefined) throw new Error('no server was started');
  return server;
}

export async function closeServer(): Promise<void> {
  await server?.close();
  server = undefined;
}

export interface Opened extends ReturnType<typeof createHttp> {
  readonly waits: number[];
  readonly logged: Readonly<Record<string, unknown>>[];
}

/** A client before a scripted server; its clock moves only while it waits, and its dice always show one half. */
export async function open(
  steps: readonly Step[],
  policy: Partial<HttpPolicy> = {},
  signal = new AbortController().signal,
): Promise<Opened> {
  await server?.close();
  server = await startScriptedServer(steps);
  let clock = Date.parse('2026-11-20T06:00:00Z');
  const waits: number[] = [];
  const logged: Readonly<Record<string, unknown>>[] = [];
  const note = (fields: Readonly<Record<string, unknown>>) => void logged.push(fields);
  const client = createHttp({
    policy: {
      baseUrl: 'https://api.vendor.com/',
      auth: { header: 'Access-Token', secret: 'access_token' },
      ...policy,
    },
    hosts: ['api.vendor.com'],
    baseUrl: server.baseUrl,
    secret: { access_token: token },
    redactor: createRedactor([token]),
    where: 'p/g',
    signal,
    now: () => new Date(clock),
    sleep: async (ms) => {
      waits.push(ms);
      clock += ms;
    },
    random: () => 0.5,
    log: { debug: note, info: note, warn: note },
  });
  return { ...client, waits, logged };
}

export async function failure(call: Promise<unknown>): Promise<CatchmentError> {
  return call.then(
    (value) => expect.fail(`the call succeeded with ${JSON.stringify(value)}`),
    (error) => error,
  );
}

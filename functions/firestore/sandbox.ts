import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fault, Sandbox, SandboxOptions } from '../core/sandbox.ts';
import { answer } from './sandbox/answer.ts';
import { fill } from './sandbox/data.ts';
import { createStore, type Store } from './sandbox/store.ts';

export const faults: readonly Fault[] = [
  { name: 'unavailable', what: 'answers the first query with 503', ends: 'succeeded' },
  { name: 'aborted', what: 'answers the second query with 409', ends: 'succeeded' },
  { name: 'quota', what: 'answers one query with 429', ends: 'succeeded' },
  { name: 'token-expired', what: 'refuses its first token after one query', ends: 'succeeded' },
  { name: 'cut', what: 'cuts the connection in the middle of an answer', ends: 'succeeded' },
  { name: 'writes-between-pages', what: 'writes and deletes documents after each page', ends: 'succeeded' },
  {
    name: 'broken-stream',
    what: 'ends an answer with an error',
    ends: 'failed',
    says: 'broke off an answer',
  },
  { name: 'lost-page', what: 'leaves out the last documents', ends: 'failed', says: 'announced' },
  { name: 'permission', what: 'denies every query', ends: 'failed', says: 'roles/datastore.viewer' },
  {
    name: 'no-database',
    what: 'knows no such database',
    ends: 'failed',
    says: 'correct project and database',
  },
  {
    name: 'slow-reader',
    what: 'has forgotten the moment of the first page',
    ends: 'failed',
    says: 'longer than an hour',
  },
];

export interface FirestoreSandbox extends Sandbox {
  readonly store: Store;
}

export const project = 'sandbox-project';

/** Firestore's REST API v1 on loopback, as far as a reader needs it, with its history of the last hour. */
export async function startSandbox({
  seed = 1,
  now = () => new Date(),
  size = 'small',
  fault,
  port = 0,
}: SandboxOptions = {}): Promise<FirestoreSandbox> {
  const store = createStore(now);
  fill(store, { users: size === 'small' ? 130 : 1500, seed });
  const requests: string[] = [];
  const state = { project, store, fault, queries: 0, tokens: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push(`${request.method} ${request.url}`);
      answer(state, request, Buffer.concat(chunks).toString(), response);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`,
    secret: {},
    settings: { project, pageSize: 50 },
    tables: {
      users: { collection: 'users', watermark: 'updated_at', key: ['document_id'], writeMode: 'merge' },
      orders: { collection: 'orders', group: true },
    },
    requests,
    store,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

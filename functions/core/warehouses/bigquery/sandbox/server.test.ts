import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from './server.ts';
import { startEmulator } from './server.ts';

let emulator: Emulator;

beforeEach(async () => {
  emulator = await startEmulator({ project: 'acme', location: 'EU', datasets: ['marts'], loadsPerTable: 2 });
});

afterEach(() => emulator.close());

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const upload = path.startsWith('upload:') ? '/upload' : '';
  const at = path.replace('upload:', '');
  const response = await fetch(
    at.startsWith('http') ? at : `${emulator.url}${upload}/bigquery/v2/projects/acme/${at}`,
    {
      method,
      headers: { authorization: 'Bearer token-1', ...headers },
      ...(body === undefined
        ? {}
        : { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
    },
  );
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: text === '' ? undefined : JSON.parse(text),
  };
}

const tableOf = (name: string, fields: readonly unknown[]) => ({
  tableReference: { projectId: 'acme', datasetId: 'marts', tableId: name },
  schema: { fields },
});
const create = (name: string, ...columns: string[]) =>
  call(
    'POST',
    'datasets/marts/tables',
    tableOf(
      name,
      columns.map((column) => ({ name: column, type: 'STRING' })),
    ),
  );

describe('names', () => {
  it.each([
    [['a', 'A']],
    [['_TABLE_x']],
    [['_partitiontime']],
    [['_CHANGE_TYPE']],
    [['1a']],
    [['a-b']],
    [['a'.repeat(301)]],
  ])('of columns %j are refused', async (columns) => {
    const { status, json } = await create('t', ...columns);
    expect([status, json.error.errors[0].reason]).toEqual([400, 'invalid']);
  });

  it('of tables hold no points, and stand once', async () => {
    expect((await create('a.b', 'x')).status).toBe(400);
    expect((await create('t', 'x')).status).toBe(200);
    const again = await create('t', 'x');
    expect([again.status, again.json.error.errors[0].reason]).toEqual([409, 'duplicate']);
  });
});

const loadOf = (jobId: string, more: Record<string, unknown> = {}) => ({
  jobReference: { projectId: 'acme', location: 'EU', jobId },
  configuration: {
    load: {
      destinationTable: { projectId: 'acme', datasetId: 'marts', tableId: 't' },
      sourceFormat: 'CSV',
      sourceUris: ['gs://bucket/a.csv'],
      ...more,
    },
  },
});

async function ended(id: string) {
  await Promise.all(emulator.jobs.all().map((job) => job.ended));
  return (await call('GET', `jobs/${id}?location=EU`)).json;
}

describe('jobs', () => {
  beforeEach(async () => {
    await create('t', 'x');
    emulator.objects.set('gs://bucket/a.csv', Buffer.from('1\n'));
  });

  it('begin as PENDING, end as DONE, and are found in their location only', async () => {
    const { json } = await call('POST', 'jobs', loadOf('one'));
    expect(['PENDING', 'RUNNING']).toContain(json.status.state);
    expect((await ended('one')).status).toEqual({ state: 'DONE' });
    expect((await call('GET', 'jobs/one?location=US')).status).toBe(404);
    expect((await call('POST', 'jobs', loadOf('one'))).status).toBe(409);
  });

  it('that fail end as DONE with their error', async () => {
    await call('POST', 'jobs', loadOf('one', { sourceUris: ['gs://bucket/none.csv'] }));
    expect((await ended('one')).status).toMatchObject({
      state: 'DONE',
      errorResult: { reason: 'notFound', message: 'Not found: URI gs://bucket/none.csv' },
    });
  });

  it('load a table so many times a day, and no more', async () => {
    for (const id of ['one', 'two', 'three']) await call('POST', 'jobs', loadOf(id));
    expect((await ended('two')).status.errorResult).toBeUndefined();
    expect((await ended('three')).status.errorResult.reason).toBe('quotaExceeded');
  });

  it('take 10,000 objects and no more', async () => {
    const sourceUris = Array.from({ length: 10_001 }, () => 'gs://bucket/a.csv');
    expect((await call('POST', 'jobs', loadOf('one', { sourceUris }))).status).toBe(400);
  });
});

describe('a resumable upload', () => {
  it('takes pieces of whole 256 KiB in order, says what it has, and begins a job once', async () => {
    await create('t', 'x');
    const body = loadOf('one', { sourceUris: undefined });
    const begun = await call('POST', 'upload:jobs?uploadType=resumable', body);
    const session = begun.headers.get('location') ?? '';
    const piece = Buffer.alloc(256 * 1024, 'a\n');
    const put = (range: string, bytes: Uint8Array) => call('PUT', session, bytes, { 'content-range': range });
    expect((await put('bytes */*', Buffer.alloc(0))).headers.get('range')).toBeNull();
    expect((await put('bytes 0-99/*', piece.subarray(0, 100))).status).toBe(400);
    const first = await put(`bytes 0-${piece.length - 1}/*`, piece);
    expect([first.status, first.headers.get('range')]).toEqual([308, `bytes=0-${piece.length - 1}`]);
    expect((await put(`bytes 0-${piece.length - 1}/*`, piece)).status).toBe(400);
    const total = piece.length + 2;
    const last = await put(`bytes ${piece.length}-${total - 1}/${total}`, Buffer.from('b\n'));
    expect([last.status, last.json.jobReference.jobId]).toEqual([200, 'one']);
    expect((await put('bytes */*', Buffer.alloc(0))).json.jobReference.jobId).toBe('one');
    expect((await ended('one')).statistics.load.outputRows).toBe(String(piece.length / 2 + 1));
  });
});

import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ExtractContext, Row } from '../core/extract.ts';
import { createHttp } from '../core/http/client.ts';
import type { Column } from '../core/schema.ts';
import { createRedactor } from '../core/secrets.ts';
import { extract, inspect, probe } from './extract.ts';
import { type FirestoreSandbox, startSandbox } from './sandbox.ts';
import { source } from './source.ts';

const { signal } = new AbortController();
const now = new Date('2026-11-20T06:00:00Z');
let sandbox: FirestoreSandbox;

beforeEach(async () => {
  sandbox = await startSandbox({ now: () => now });
});

afterEach(() => sandbox.close());

const columns: readonly Column[] = [
  { name: 'document_id', type: 'STRING', mode: 'REQUIRED', sourceName: '__id__' },
  { name: 'updated_at', type: 'TIMESTAMP', mode: 'NULLABLE' },
];
const users = { collection: 'users', group: false };

it('reads every document once, in pages, all at the moment of the first', async () => {
  const batches = await read({});
  expect(batches.map(({ rows, total }) => [rows.length, total])).toEqual([
    [50, 130],
    [50, undefined],
    [30, undefined],
  ]);
  const queries = sandbox.requests.filter((line) => line.endsWith(':runQuery'));
  expect(queries).toHaveLength(3);
});

it('gives values as plain ones, without loss', async () => {
  const [{ rows } = { rows: [] }] = await read({});
  expect(rows[0]).toEqual({
    document_id: undefined,
    __id__: 'user-00001',
    name: 'Usér 1 🛠',
    'e-mail': 'user1@example.com',
    account: 9_007_199_254_740_994n,
    score: 0.125,
    is_active: false,
    updated_at: '2026-01-01T00:00:00.000001Z',
    avatar: Buffer.from('avatar 1').toString('base64'),
    home: { latitude: 50.001, longitude: 30 },
    manager: 'projects/sandbox-project/databases/(default)/documents/users/user-00001',
    tags: ['a', 't1'],
    settings: { theme: 'dark', limits: { daily: 5n } },
  });
  expect(rows[3]?.tags).toEqual([]);
  expect(rows[9]?.score).toBeNull();
});

it('reads a vector as a list of numbers', async () => {
  const vector = {
    mapValue: {
      fields: {
        __type__: { stringValue: '__vector__' },
        value: { arrayValue: { values: [{ doubleValue: 0.5 }, { doubleValue: 2 }] } },
      },
    },
  };
  sandbox.store.put('points/p', { at: vector });
  const [{ rows } = { rows: [] }] = await read({ options: { collection: 'points', group: false } });
  expect(rows).toEqual([{ __id__: 'p', at: [0.5, 2] }]);
});

it('reads the collections of a group, and one below a document', async () => {
  const group = await read({ options: { collection: 'orders', group: true } });
  expect(group.flatMap(({ rows }) => rows)).toHaveLength(130);
  const below = await read({ options: { collection: 'users/user-00002/orders', group: false } });
  expect(below.flatMap(({ rows }) => rows).map((row) => row.__id__)).toEqual(['order-1', 'order-2']);
});

it('reads a watermark from its value on, ties included, in the order of the field', async () => {
  const range = { from: '2026-01-01 01:04:00.000001', to: '2026-01-01 01:05:00.000001' };
  const rows = (await read({ range, field: 'updated_at' })).flatMap((batch) => batch.rows);
  expect(rows.map((row) => row.__id__)).toEqual(['user-00128', 'user-00129', 'user-00130']);
});

it('leaves the newest value for later when the range is open', async () => {
  const range = { from: '2026-01-01 01:04:00.000001', to: '2026-01-01 01:05:00.000001', isOpen: true };
  const rows = (await read({ range, field: 'updated_at' })).flatMap((batch) => batch.rows);
  expect(rows.map((row) => row.__id__)).toEqual(['user-00128', 'user-00129']);
});

it('reads pages of equal values to their end', async () => {
  for (let number = 0; number < 120; number += 1)
    sandbox.store.put(`ties/${number}`, { updated_at: { timestampValue: '2026-02-01T00:00:00Z' } });
  const range = { from: '2026-02-01 00:00:00', to: '2026-02-01 00:00:00' };
  const options = { collection: 'ties', group: false };
  const rows = (await read({ options, range, field: 'updated_at' })).flatMap((batch) => batch.rows);
  expect(new Set(rows.map((row) => row.__id__)).size).toBe(120);
  expect(rows).toHaveLength(120);
});

it('reads documents without the field in the first run', async () => {
  sandbox.store.put('users/zz', { name: { stringValue: 'no date' } });
  const batches = await read({ range: { to: '2026-01-01 01:05:00.000001' }, field: 'updated_at' });
  expect(batches.flatMap(({ rows }) => rows)).toHaveLength(131);
});

it('finds the newest value of a watermark, and nothing when there is no newer one', async () => {
  const newest = '2026-01-01 01:05:00.000001';
  expect(await ask({})).toEqual([{ to: newest }]);
  expect(await ask({ from: '2026-01-01 01:00:00' })).toEqual([{ from: '2026-01-01 01:00:00', to: newest }]);
  expect(await ask({ from: newest })).toEqual([{ from: newest, to: newest }]);
  expect(await ask({ from: newest, isOpen: true })).toEqual([]);
  expect(await ask({ from: '2027-01-01 00:00:00' })).toEqual([]);
});

it('refuses a watermark whose values are of another kind than its column', async () => {
  sandbox.store.put('users/zz', { updated_at: { stringValue: 'yesterday' } });
  await expect(ask({})).rejects.toThrow(
    '[t] the newest value of the watermark "updated_at" is of another kind than its column: got "stringValue"; allowed: TIMESTAMP',
  );
});

it('says which index a watermark of a collection group needs', async () => {
  const range = { from: '2026-01-01 00:00:00', to: '2026-02-01 00:00:00' };
  const columnsOfOrders: readonly Column[] = [{ name: 'placed_at', type: 'TIMESTAMP', mode: 'NULLABLE' }];
  const options = { collection: 'orders', group: true };
  await expect(read({ options, range, field: 'placed_at', columns: columnsOfOrders })).rejects.toThrow(
    /FAILED_PRECONDITION: The query requires a COLLECTION_GROUP_ASC index .*; if an index is missing, create it by the link/,
  );
});

it('lists the collections and describes one by its first documents', async () => {
  sandbox.store.put('ZZ/a', { 'a b': { integerValue: '1' }, mixed: { integerValue: '1' } });
  sandbox.store.put('ZZ/b', { a_b: { stringValue: 'x' }, mixed: { doubleValue: 1.5 } });
  const context = { settings, secret: {}, http: httpOf(), signal };
  expect((await inspect.tables(context)).map(({ name }) => name)).toEqual(['ZZ', 'users']);
  const options = { collection: 'ZZ', group: false };
  const { columns: found, key, rows, sample } = await inspect.describe({ ...context, options, sample: 1 });
  expect(
    found.map(({ column, sourceType }) => [column.name, column.type, column.sourceName, sourceType]),
  ).toEqual([
    ['document_id', 'STRING', '__id__', 'document'],
    ['a_b_2', 'INTEGER', 'a b', 'integer'],
    ['a_b', 'STRING', undefined, 'string'],
    ['mixed', 'FLOAT', undefined, 'integer or double'],
    ['_extracted_at', 'TIMESTAMP', '__read_time__', 'document'],
  ]);
  expect([key, rows]).toEqual([['document_id'], 2]);
  expect(sample[0]?.slice(0, 4)).toEqual(['a', 1, null, 1]);
});

const settings = { project: 'sandbox-project', database: '(default)', pageSize: 50 };

type Slice = ExtractContext<typeof source>['slice'];

async function read(asked: Partial<Slice> & { readonly columns?: readonly Column[] }) {
  const batches: { readonly rows: readonly Row[]; readonly total?: number }[] = [];
  const context: ExtractContext<typeof source> = {
    slice: { table: 't', origin: '-', options: users, ...asked },
    settings,
    secret: {},
    http: httpOf(),
    signal,
    log: { debug() {}, info() {}, warn() {} },
    columns: asked.columns ?? columns,
    accepts: [],
    scratch: () => Promise.reject(new Error('no files')),
    ahead: [],
  };
  for await (const batch of extract(context)) if ('rows' in batch) batches.push(batch);
  return batches;
}

function ask({ from, isOpen = false }: { readonly from?: string; readonly isOpen?: boolean }) {
  const asked = { table: 't', options: users, settings, secret: {}, http: httpOf(), signal, columns };
  return probe({ ...asked, field: 'updated_at', isOpen, ...(from === undefined ? {} : { from }) });
}

function httpOf() {
  return createHttp({
    policy: source.http ?? { baseUrl: '' },
    hosts: source.hosts,
    baseUrl: sandbox.baseUrl,
    secret: {},
    redactor: createRedactor([]),
    where: 'firestore/test',
    signal,
    now: () => now,
    sleep: async () => {},
  }).http;
}

import { afterAll, beforeAll, expect, it } from 'vitest';
import { costOf } from '../../functions/core/run/cost.ts';
import { leastBilled } from '../../functions/core/warehouses/bigquery/sandbox/jobs.ts';
import type { Emulator } from '../../functions/core/warehouses/bigquery/sandbox/server.ts';
import { startEmulator } from '../../functions/core/warehouses/bigquery/sandbox/server.ts';
import { source } from '../../functions/database/source.ts';
import type { HostTable } from './host.ts';
import { column, openHost } from './host.ts';

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ project: 'acme', location: 'EU', datasets: ['shop'] });
});

afterAll(() => emulator?.close());

/** Runs SQL in the emulator as a job of a person. */
async function execute(query: string): Promise<void> {
  const response = await fetch(`${emulator.url}/bigquery/v2/projects/acme/jobs`, {
    method: 'POST',
    headers: { authorization: `Bearer token-${emulator.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      jobReference: {
        projectId: 'acme',
        jobId: `by_hand_${Math.random().toString(36).slice(2)}`,
        location: 'EU',
      },
      configuration: { query: { query, useLegacySql: false } },
    }),
  });
  if (!response.ok) throw new Error(await response.text());
  await Promise.all(emulator.jobs.all().map(({ ended }) => ended));
  const failed = emulator.jobs.all().at(-1)?.error;
  if (failed !== undefined) throw failed;
}

async function createTable(tableId: string, fields: readonly object[], more: object = {}): Promise<void> {
  const response = await fetch(`${emulator.url}/bigquery/v2/projects/acme/datasets/shop/tables`, {
    method: 'POST',
    headers: { authorization: `Bearer token-${emulator.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      tableReference: { projectId: 'acme', datasetId: 'shop', tableId },
      schema: { fields },
      ...more,
    }),
  });
  if (!response.ok) throw new Error(await response.text());
}

function open(tables: Readonly<Record<string, HostTable>>) {
  return openHost({
    settings: source.settings.parse({ kind: 'bigquery', project: 'acme', location: 'EU' }),
    secret: {},
    tables,
  });
}

const columns = [
  column('id', 'INTEGER', 'REQUIRED'),
  column('at', 'TIMESTAMP'),
  column('note', 'STRING'),
  column('price', 'NUMERIC'),
];

it('reads a table page by page, and by a watermark what is new', async () => {
  await createTable('events', columns);
  const rows = Array.from({ length: 2500 }, (_, index) => {
    const at = new Date(Date.UTC(2024, 0, 1) + (index + 1) * 1000).toISOString().slice(0, 19);
    return `(${index + 1}, TIMESTAMP '${at}+00', '${index + 1}', 1.5)`;
  });
  await execute(`INSERT INTO \`acme.shop.events\` (id, \`at\`, note, price) VALUES ${rows.join(', ')}`);
  const host = await open({
    events: { columns, key: ['id'], watermark: 'at', options: { from: 'acme.shop.events' } },
    all: { columns, options: { from: 'shop.events', columns: ['id', 'note'] } },
  });
  const baseUrl = `${emulator.url}/bigquery/v2/`;
  const first = await host.run({ baseUrl });
  expect(first.failures).toEqual([]);
  expect(first.run).toMatchObject({ status: 'succeeded', rowsRead: 5000 });
  expect(await host.rows(`SELECT id, note, price::varchar FROM copy.events WHERE id = 2500`)).toEqual([
    [2500, '2500', '1.500000000'],
  ]);
  expect((await host.rows('SELECT value FROM catchment.cursors'))[0]?.[0]).toBe('2024-01-01 00:41:40');
  await execute(
    `INSERT INTO \`acme.shop.events\` (id, \`at\`, note, price) VALUES (2501, TIMESTAMP '2024-01-01 00:41:40+00', 'tie', 2.5)`,
  );
  const second = await host.run({ baseUrl, tables: ['events'] });
  expect(second.run).toMatchObject({ status: 'succeeded', rowsRead: 2 });
  expect(await host.rows('SELECT count(*)::int FROM copy.events')).toEqual([[2501]]);
  await host.close();
}, 60_000);

it('records what its queries are billed for, those that take longer than one call too', async () => {
  const host = await open({
    events: { columns, key: ['id'], watermark: 'at', options: { from: 'acme.shop.events' } },
    all: { columns, options: { from: 'shop.events', columns: ['id', 'note'] } },
  });
  const baseUrl = `${emulator.url}/bigquery/v2/`;
  const asked = emulator.jobs.all().length;
  const { run, costUsd } = await host.run({ baseUrl });
  const queries = emulator.jobs.all().length - asked;
  expect(queries).toBeGreaterThan(2);
  expect(run).toMatchObject({ status: 'succeeded', bytesBilled: queries * leastBilled });
  expect(costUsd).toBe(costOf(queries * leastBilled));
  expect(await host.rows('SELECT bytes_billed::int FROM catchment.runs')).toEqual([[queries * leastBilled]]);

  emulator.slowQueries.push(() => true);
  const looks = () =>
    emulator.requests.filter(({ method, path }) => method === 'GET' && path.includes('/jobs/')).length;
  const before = looks();
  const second = await host.run({ baseUrl, tables: ['all'] });
  emulator.slowQueries.length = 0;
  expect(second.run).toMatchObject({ status: 'succeeded', rowsRead: 2501, bytesBilled: leastBilled });
  expect(looks() - before).toBe(1);
  await host.close();
}, 60_000);

it('tells a table that is not there, and a column that is not there', async () => {
  const host = await open({
    gone: { columns, options: { from: 'shop.gone' } },
    changed: { columns: [...columns, column('client', 'STRING')], options: { from: 'shop.events' } },
  });
  const { failures } = await host.run({ baseUrl: `${emulator.url}/bigquery/v2/` });
  expect(failures.map(({ error }) => error)).toEqual([
    expect.stringContaining('[gone] it is not there'),
    expect.stringContaining('shop.events lacks "client", which the schema file names'),
  ]);
  await host.close();
}, 60_000);

it('reads the first load of a partitioned table in ranges, each committed with its cursor, and of others whole', async () => {
  const partitioned = { timePartitioning: { type: 'DAY', field: 'at' }, requirePartitionFilter: true };
  await createTable('visits', columns, partitioned);
  await createTable('plain', columns);
  const insert =
    'INSERT INTO `acme.shop.visits` (id, `at`, note, price) SELECT id, `at`, note, price FROM `acme.shop.events`';
  await execute(`${insert} UNION ALL SELECT 0, NULL, 'no time', 1`);
  await execute(`${insert.replace('visits', 'plain')} UNION ALL SELECT 0, NULL, 'no time', 1`);
  const options = { from: 'acme.shop.visits', chunkRows: 1000 };
  const host = await open({
    visits: { columns, key: ['id'], watermark: 'at', options },
    plain: { columns, key: ['id'], watermark: 'at', options: { ...options, from: 'acme.shop.plain' } },
  });
  const { run, tables, failures } = await host.run({ baseUrl: `${emulator.url}/bigquery/v2/` });
  expect(failures).toEqual([]);
  expect(run).toMatchObject({ status: 'succeeded', slicesDone: 4 });
  expect(tables.map(({ slices, rowsRead }) => [slices, rowsRead])).toEqual([
    [3, 2502],
    [1, 2502],
  ]);
  expect(
    await host.rows('SELECT count(*)::int, count("at")::int, count(DISTINCT id)::int FROM copy.visits'),
  ).toEqual([[2502, 2501, 2502]]);
  const ids = await host.rows(
    'SELECT slice_id FROM catchment.slices WHERE "table" = \'visits\' ORDER BY slice_id',
  );
  expect(ids.map(([id]) => String(id).split('/').at(-1))).toEqual([
    expect.stringMatching(/^\.\.2024-01-01 00:1\d:\d\d open$/),
    expect.stringMatching(/^2024-01-01 00:1\d:\d\d\.\.2024-01-01 00:2\d:\d\d open$/),
    expect.stringMatching(/^2024-01-01 00:2\d:\d\d\.\.2024-01-01 00:41:40$/),
  ]);
  await host.close();
}, 60_000);

it('reads pages side by side, all of one answer, while the table changes', async () => {
  await createTable('moving', columns);
  await execute('INSERT INTO `acme.shop.moving` (id, note) SELECT id, note FROM `acme.shop.events`');
  const asked = emulator.requests.length;
  const seen: string[] = [];
  emulator.requestFaults.push({
    match: ({ method, path }) => {
      if (method !== 'GET' || !path.includes('/queries/')) return false;
      seen.push(path);
      return seen.length === 2;
    },
    act: 'lose-answer',
  });
  const settings = { kind: 'bigquery', project: 'acme', location: 'EU', readers: 4 };
  const host = await openHost({
    settings: source.settings.parse(settings),
    secret: {},
    tables: { moving: { columns, options: { from: 'acme.shop.moving', columns: ['id', 'note'] } } },
  });
  const reading = host.run({ baseUrl: `${emulator.url}/bigquery/v2/` });
  await expect.poll(() => seen.length).toBeGreaterThan(0);
  await execute("UPDATE `acme.shop.moving` SET note = 'late' WHERE TRUE");
  expect((await reading).run).toMatchObject({ status: 'succeeded', rowsRead: 2501 });
  expect(
    await host.rows("SELECT count(DISTINCT id)::int, count(*) FILTER (note = 'late')::int FROM copy.moving"),
  ).toEqual([[2501, 0]]);
  expect(emulator.requests.slice(asked).filter(({ method }) => method === 'GET').length).toBeGreaterThan(2);
  await host.close();
}, 60_000);

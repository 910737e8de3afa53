import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Column } from '../../functions/core/schema.ts';
import { leastBilled } from '../../functions/core/warehouses/bigquery/sandbox/jobs.ts';
import type { Emulator } from '../../functions/core/warehouses/bigquery/sandbox/server.ts';
import { startEmulator } from '../../functions/core/warehouses/bigquery/sandbox/server.ts';
import { openBigquery } from '../../functions/core/warehouses/bigquery/warehouse.ts';
import { source } from '../../functions/database/source.ts';
import type { DatabaseHost, HostTable } from './host.ts';
import { column, openHost } from './host.ts';

let emulator: Emulator;

const events =
  "SELECT i::BIGINT AS id, TIMESTAMPTZ '2024-01-01 00:00:00+00' + i * INTERVAL 1 SECOND AS at, 'n' || i AS note, 1.5::DECIMAL(38,9) AS price FROM range(1, 2501) AS r(i)";

const shapes =
  "SELECT 1::BIGINT AS id, 'POINT(1 2)'::GEOGRAPHY AS spot, INTERVAL '26' HOUR AS took, " +
  "TIMESTAMPTZ '2024-01-01 10:00:00.5+00' AS at, TIMESTAMP '2024-01-01 10:00:00' AS local, ['a', 'b'] AS tags, " +
  "{'n': 7::BIGINT, 'cost': 0.123456789::DECIMAL(38,9), 'at': TIMESTAMPTZ '2024-01-01 00:00:00.25+00', 'why': NULL::VARCHAR} AS part, " +
  "[{'cost': 29.999999999::DECIMAL(38,9)}, {'cost': NULL}] AS parts, '{\"a\":1}'::JSON AS free, '\\x00\\xFF'::BLOB AS raw " +
  'UNION ALL SELECT 2, NULL, NULL, NULL, NULL, [], NULL, [], NULL, NULL';

const broken =
  "SELECT * FROM (VALUES (1::BIGINT, 2.0::DOUBLE, 'x'), (2, 2.5, 'y'), (3, NULL, NULL)) AS v(id, amount, name)";

const places = {
  project: 'acme',
  location: 'EU',
  datasets: ['copy'],
  shared: [{ project: 'open-data', dataset: 'shop', tables: { events, shapes, broken } }],
};

beforeEach(async () => {
  emulator = await startEmulator(places);
});

afterEach(() => emulator.close());

const at = ({ url } = emulator) => ({ baseUrl: `${url}/bigquery/v2/` });

/** A pipeline out of BigQuery: into BigQuery where `location` is that of both, else by pages. */
function open(
  tables: Readonly<Record<string, HostTable>>,
  more: { readonly to?: 'bigquery' | 'duckdb'; readonly settings?: object } = {},
): Promise<DatabaseHost> {
  const place = { project: 'acme', location: 'EU' };
  const { url: bigqueryUrl, url: metadataUrl } = emulator;
  return openHost({
    settings: source.settings.parse({ kind: 'bigquery', ...place, ...more.settings }),
    secret: {},
    tables,
    ...(more.to === 'duckdb'
      ? {}
      : {
          warehouse: {
            config: { name: 'main', kind: 'bigquery', ...place },
            opened: openBigquery({
              ...place,
              dataset: 'copy',
              bigqueryUrl,
              metadataUrl,
              sleep: async () => {},
            }),
          },
        }),
  });
}

const columns: readonly Column[] = [
  column('id', 'INTEGER'),
  column('at', 'TIMESTAMP'),
  column('note', 'STRING'),
  column('price', 'NUMERIC'),
];

/** Pages of rows that somebody asked for, and content that was uploaded. */
const carried = () => ({
  pages: emulator.requests.filter(({ path, body }) => path.includes('/queries') && body.includes('AS `note`'))
    .length,
  uploads: emulator.requests.filter(({ path }) => path.startsWith('/upload/')).length,
});

it('copies a table of another project inside of BigQuery, and by a watermark what is new', async () => {
  const options = { from: 'open-data.shop.events' };
  const host = await open({ events: { columns, key: ['id'], watermark: 'at', options, lookback: 60 } });
  const first = await host.run(at());
  expect(first.failures).toEqual([]);
  expect(first.run).toMatchObject({ status: 'succeeded', rowsRead: 2500, rowsLoaded: 2500 });
  expect(await host.rows('SELECT COUNT(*), MAX(note), SUM(price), ANY_VALUE(_origin) FROM events')).toEqual([
    [2500, 'n999', '3750', '-'],
  ]);
  expect(carried()).toEqual({ pages: 0, uploads: 0 });
  expect(first.run.bytesBilled).toBeGreaterThanOrEqual(leastBilled);
  const [insert] = emulator.jobs
    .all()
    .filter(({ configuration }) =>
      configuration.query?.query.startsWith('INSERT INTO `acme.copy.catchment_stage'),
    );
  expect(insert?.configuration.query?.query).toMatch(
    /^INSERT INTO `acme\.copy\.catchment_stage_\w+` .* FROM `open-data\.shop\.events` WHERE \(`at` <= CAST/s,
  );
  // The look-back is read again, and nothing of it is new.
  const second = await host.run(at());
  expect(second.run).toMatchObject({ rowsRead: 61, rowsLoaded: 0, rowsUnchanged: 61 });
  await host.close();
}, 60_000);

it('copies custom SQL as well, into BigQuery inside of it and into another warehouse by pages', async () => {
  const query = 'SELECT id, UPPER(note) AS note, price FROM `open-data.shop.events` WHERE id > 2000';
  const tables = { late: { columns, options: { query, columns: ['id', 'note', 'price'] } } };
  for (const to of ['bigquery', 'duckdb'] as const) {
    const host = await open(tables, { to });
    expect((await host.run(at())).run).toMatchObject({ status: 'succeeded', rowsRead: 500, rowsLoaded: 500 });
    const text =
      to === 'bigquery'
        ? 'SELECT COUNT(*), MIN(note) FROM late'
        : 'SELECT count(*)::int, min(note) FROM copy.late';
    expect(await host.rows(text)).toEqual([[500, 'N2001']]);
    expect(carried().pages > 0).toBe(to === 'duckdb');
    await host.close();
  }
}, 60_000);

const shapeColumns = [
  column('id', 'INTEGER'),
  ...['spot', 'took', 'at', 'local'].map((name) => column(name, 'STRING')),
  column('tags', 'STRING', 'REPEATED'),
  ...['part', 'parts', 'free'].map((name) => column(name, 'JSON')),
  column('raw', 'BYTES'),
];

it('keeps lists, records, shapes, spans and digits the same, whichever way the rows go', async () => {
  const names = shapeColumns.map(({ name }) => `\`${name}\``).join(', ');
  const shown: unknown[] = [];
  const elsewhere = await startEmulator({ ...places, location: 'US' });
  // Where the tables are in another place than the warehouse, their rows come in pages.
  for (const settings of [{}, { location: 'eu' }, { location: 'US' }]) {
    const options = { from: 'open-data.shop.shapes' };
    const host = await open({ shapes: { columns: shapeColumns, options } }, { settings });
    const { run, failures } = await host.run(
      at('location' in settings && settings.location === 'US' ? elsewhere : emulator),
    );
    expect([run.status, failures]).toEqual(['succeeded', []]);
    shown.push(await host.rows(`SELECT ${names} FROM shapes ORDER BY id`));
    await host.close();
  }
  await elsewhere.close();
  expect(shown[0]).toEqual([
    [
      ...[1, 'POINT(1 2)', '26:00:00', '2024-01-01 10:00:00.5', '2024-01-01 10:00:00', ['a', 'b']],
      '{"n":7,"cost":"0.123456789","at":"2024-01-01 00:00:00.25","why":null}',
      '[{"cost":"29.999999999"},{"cost":null}]',
      '{"a":1}',
      'AP8=',
    ],
    [2, null, null, null, null, [], null, '[]', null, null],
  ]);
  expect(shown[1]).toEqual(shown[0]);
  expect(shown[2]).toEqual(shown[0]);
}, 60_000);

it('asks for no second table where the source holds no NULL either', async () => {
  const headers = { authorization: `Bearer token-${emulator.token}`, 'content-type': 'application/json' };
  const strict = [column('id', 'INTEGER', 'REQUIRED'), column('note', 'STRING', 'REQUIRED')];
  const tableReference = { projectId: 'acme', datasetId: 'copy', tableId: 'kept' };
  const made = await fetch(`${emulator.url}/bigquery/v2/projects/acme/datasets/copy/tables`, {
    ...{ method: 'POST', headers },
    body: JSON.stringify({ tableReference, schema: { fields: strict } }),
  });
  expect(made.status).toBe(200);
  const host = await open({ same: { columns: strict, options: { from: 'copy.kept' } } });
  expect((await host.run(at())).run).toMatchObject({ status: 'succeeded', rowsLoaded: 0 });
  const copies = () =>
    emulator.jobs
      .all()
      .filter(({ configuration }) =>
        configuration.query?.query.startsWith('CREATE TABLE IF NOT EXISTS `acme.copy.catchment_stage'),
      );
  expect(copies()).toEqual([]);
  const loose = await open({
    other: { columns: strict, options: { query: 'SELECT id, note FROM `acme.copy.kept`' } },
  });
  expect((await loose.run(at())).run).toMatchObject({ status: 'succeeded', rowsLoaded: 0 });
  expect(copies()).toHaveLength(1);
  await host.close();
  await loose.close();
}, 60_000);

it('sends rows that break the schema to quarantine, and loads the others', async () => {
  const options = { from: 'open-data.shop.broken' };
  const strict = [column('id', 'INTEGER'), column('amount', 'INTEGER'), column('name', 'STRING', 'REQUIRED')];
  const host = await open({ broken: { columns: strict, options } });
  const { run } = await host.run(at());
  expect(run).toMatchObject({ status: 'succeeded', rowsRead: 3, rowsLoaded: 1, rowsQuarantined: 2 });
  expect(await host.rows('SELECT path, reason FROM catchment_quarantine ORDER BY path')).toEqual([
    ['amount', 'is not a whole number of 64 bits'],
    ['name', 'is required and missing'],
  ]);
  expect(emulator.catalog.names('copy').filter((name) => /stage/.test(name))).toEqual([]);
  await host.close();
}, 60_000);

it('runs the query once, however often an answer is lost, and not at all when it would cost too much', async () => {
  const options = { from: 'open-data.shop.events' };
  const host = await open({ events: { columns, options } });
  for (const act of ['lose-answer', 'lose-request'] as const)
    emulator.requestFaults.push({
      match: ({ path, body }) => path.endsWith('/jobs') && body.includes('maximumBytesBilled'),
      act,
    });
  expect((await host.run(at())).run).toMatchObject({ status: 'succeeded', rowsLoaded: 2500 });
  expect(
    emulator.jobs.all().filter(({ configuration }) => configuration.query?.maximumBytesBilled),
  ).toHaveLength(1);
  const dear = await open({ events: { columns, options } }, { settings: { maximumGigabytesBilled: 0.001 } });
  expect((await dear.run(at())).failures[0]?.error).toContain('more than maximumGigabytesBilled');
  await host.close();
  await dear.close();
}, 60_000);

it('runs a copy again that failed for a passing reason, and waits for the next day when a daily limit is used up', async () => {
  const options = { from: 'open-data.shop.events' };
  const host = await open({ events: { columns, key: ['id'], watermark: 'at', options } });
  const match = ({ configuration }: { readonly configuration: { readonly query?: unknown } }) =>
    JSON.stringify(configuration.query ?? '').includes('"INSERT INTO `acme.copy.catchment_stage');
  emulator.jobFaults.push({ match, reason: 'backendError', message: 'Retrying may solve the problem.' });
  emulator.jobFaults.push({
    match,
    reason: 'quotaExceeded',
    message: 'Quota exceeded: too many bytes scanned',
  });
  const first = await host.run(at());
  expect([first.run.status, first.run.rowsLoaded]).toEqual(['deferred', 0]);
  const { resumeAt } = first.run;
  if (resumeAt === undefined) expect.fail('it does not say when it goes on');
  expect(await host.rows('SELECT COUNT(*) FROM events')).toEqual([[0]]);
  emulator.jobFaults.push({ match, reason: 'backendError', message: 'Retrying may solve the problem.' });
  const next = await host.run({ ...at(), now: () => resumeAt });
  expect(next.run).toMatchObject({ status: 'succeeded', rowsLoaded: 2500 });
  expect(await host.rows('SELECT COUNT(*), COUNT(DISTINCT id) FROM events')).toEqual([[2500, 2500]]);
  await host.close();
}, 60_000);

it('tells what is wrong with a query while it runs in the words of the source', async () => {
  const options = { from: 'open-data.shop.events' };
  const host = await open({ events: { columns, options } });
  emulator.jobFaults.push({
    match: ({ configuration }) =>
      configuration.query?.maximumBytesBilled !== undefined && configuration.query.query.startsWith('INSERT'),
    reason: 'accessDenied',
    message: 'Access Denied: Table open-data:shop.events: User does not have permission to query it',
  });
  expect((await host.run(at())).failures[0]?.error).toMatch(
    /^\[events\] the service account may not read it \(Access Denied.*grant it roles\/bigquery\.dataViewer on the dataset/,
  );
  await host.close();
}, 60_000);

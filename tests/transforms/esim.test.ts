import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Row } from '../../functions/core/extract.ts';
import type { Pipeline, Transform } from '../../functions/core/pipeline.ts';
import { runPipeline } from '../../functions/core/run/run.ts';
import { defineSource } from '../../functions/core/source.ts';
import { openClickhouse } from '../../functions/core/warehouses/clickhouse/warehouse.ts';
import type { Warehouse } from '../../functions/core/warehouses/warehouse.ts';
import { loadSchema } from '../../infra/estate/schemas.ts';
import type { ClickhouseServer } from '../setup/clickhouse.ts';
import { startClickhouse } from '../setup/clickhouse.ts';
import { unavailable } from '../setup/unavailable.ts';

const root = join(import.meta.dirname, '../..');
const log = { key: ['id'], writeMode: 'merge', cursor: { kind: 'snapshot' } } as const;
const source = defineSource({
  title: 'Server logs',
  docs: 'https://example.com',
  hosts: [],
  runsOn: 'job',
  secret: z.object({}),
  settings: z.object({}),
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC' },
  tables: { server_logs_log: log },
});

const transform = (name: string, field: string): Transform => ({
  declared: name,
  name,
  schema: `database/${name}`,
  key: ['id'],
  writeMode: 'merge',
  cursor: { kind: 'watermark', field, lookback: 0 },
  after: ['server_logs_log'],
  sql: readFileSync(join(root, `transforms/esim/${name}.sql`), 'utf8').trim(),
});

const flight = {
  request: {
    legs: [{ date: '2026-12-01T00:00:00', originAirport: 'KBP', destinationAirport: 'FCO' }],
    cabin: 'economy',
    passengers: 2,
    os: 'ios',
    country: 'ua',
    deviceType: 'phone',
    source: 'App',
  },
  kwargs: {
    inlineItems: [
      { site: 'kayak', headline: 'Fly', productType: 'flight', cpcPrice: 0.123456789, cpcCurrency: 'EUR' },
      { site: 'other', headline: 'Fly too', productType: 'flight', cpcPrice: '1.5', cpcCurrency: 'USD' },
    ],
  },
};
const car = {
  request: {
    vertical: 'Car',
    pickUpDate: '2026-12-02',
    dropOffDate: '2026-12-05',
    pickUpLocation: { locationQuery: 'Rome' },
    country: 'it',
  },
  response: { inlineItems: [{ site: 'cars' }] },
};

describe.skipIf(unavailable('clickhouse') !== undefined)('tables derived from the server log', () => {
  let server: ClickhouseServer;
  let warehouse: Warehouse;
  let rows: readonly Row[] = [];
  let clock = new Date('2026-11-20T06:00:00Z');

  beforeAll(async () => {
    server = await startClickhouse();
    const { url, user, password } = server;
    warehouse = await openClickhouse({ name: 'main', kind: 'clickhouse', url }, { user, password });
  });

  afterAll(async () => {
    await warehouse.close();
    await server.stop();
  });

  it('have one row per ad and one per request, and follow the log', async () => {
    rows = [
      {
        id: 1,
        user_id: 7,
        name: 'InlineAdsViewSet.flight',
        data: flight,
        created_at: '2026-11-01T10:00:00.5Z',
      },
      { id: 2, user_id: 8, name: 'ad_fetch', data: car, created_at: '2026-11-01T11:00:00Z' },
      { id: 3, user_id: 9, name: 'login', data: {}, created_at: '2026-11-01T12:00:00Z' },
    ];
    expect((await run()).run).toMatchObject({ status: 'succeeded', error: undefined });
    expect(
      await ask(`select id, rank, site, toString(cpc_price), cabin_class, travelers, toString(start_date),
        toString(end_date), origin, destination, country, version from travel.inline_ad_logs order by id`),
    ).toEqual([
      ['1-1', 1, 'kayak', '0.123456789', 'economy', 2, '2026-12-01', null, 'KBP', 'FCO', 'UA', '2.0'],
      ['1-2', 2, 'other', '1.5', 'economy', 2, '2026-12-01', null, 'KBP', 'FCO', 'UA', '2.0'],
      ['2-1', 1, 'cars', null, null, null, '2026-12-02', '2026-12-05', 'Rome', null, 'IT', '1.0'],
    ]);
    expect(
      await ask('select id, vertical, country, source, ad_count from travel.ad_request_stats order by id'),
    ).toEqual([
      [1, 'flight', 'UA', 'app', 2],
      [2, 'car', 'IT', '', 1],
    ]);

    rows = [
      {
        id: 4,
        user_id: 7,
        name: 'InlineAdsViewSet.hotel',
        data: { kwargs: {} },
        created_at: '2026-11-02T10:00:00Z',
      },
      ...rows,
    ];
    expect((await run()).run.status).toBe('succeeded');
    expect(await ask('select count(), max(id) from travel.ad_request_stats')).toEqual([[3, 4]]);
    expect(await ask('select count() from travel.inline_ad_logs')).toEqual([[3]]);
  });

  async function ask(sql: string) {
    return (await warehouse.query(sql)).rows;
  }

  function run() {
    clock = new Date(clock.getTime() + 60_000);
    const transforms = [transform('inline_ad_logs', 'created_at'), transform('ad_request_stats', 'id')];
    const pipeline: Pipeline = {
      name: 'logs',
      source: 'logs',
      warehouse: { name: 'main', kind: 'clickhouse', url: server.url },
      dataset: 'travel',
      tables: [
        { ...log, declared: 'server_logs_log', name: 'server_logs_log', schema: 'database/server_logs_log' },
      ],
      transforms,
      groups: [{ name: 'g', timeZone: 'UTC', sandbox: false, settings: {} }],
      schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
      runsOn: 'job',
    };
    const names = ['database/server_logs_log', ...transforms.map(({ schema }) => schema)];
    return runPipeline({
      pipeline,
      group: 'g',
      source,
      code: {
        extract: async function* () {
          yield { table: 'server_logs_log', rows };
        },
      },
      schemas: Object.fromEntries(names.map((name) => [name, loadSchema(root, name)])),
      warehouse,
      secret: {},
      trigger: 'test',
      now: () => clock,
    });
  }
});

import { afterEach, expect, test } from 'vitest';
import type { Sandbox } from '../core/sandbox.ts';
import { authCode, credentials } from './sandbox/oauth.ts';
import { startSandbox, type TikTokSandboxOptions } from './sandbox.ts';

const first = '7000000000000000001';
const allStatuses = '[{"field_name":"ad_status","filter_type":"IN","filter_value":"[\\"STATUS_ALL\\"]"}]';
const opened: Sandbox[] = [];

afterEach(async () => {
  for (const sandbox of opened.splice(0)) await sandbox.close();
});

/** A sandbox on 20 October 2026 whose clock the test moves. */
async function open(options: TikTokSandboxOptions = {}) {
  const clock = { now: new Date('2026-10-20T06:00:00Z') };
  const sandbox = await startSandbox({ now: () => clock.now, ...options });
  opened.push(sandbox);
  const send = (path: string, query: Readonly<Record<string, string>> = {}, init: RequestInit = {}) =>
    fetch(`${sandbox.baseUrl}${path}?${new URLSearchParams(query)}`, {
      headers: { 'access-token': credentials.access_token },
      ...init,
    });
  const get = async (path: string, query: Readonly<Record<string, string>> = {}, init?: RequestInit) => {
    const response = await send(path, query, init);
    expect(response.status).toBe(200);
    const text = await response.text();
    return { ...JSON.parse(text), text };
  };
  const report = (query: Readonly<Record<string, string>> = {}) =>
    get('report/integrated/get/', {
      advertiser_id: first,
      report_type: 'BASIC',
      data_level: 'AUCTION_AD',
      dimensions: '["ad_id","stat_time_day"]',
      metrics: '["spend","impressions"]',
      start_date: '2026-10-01',
      end_date: '2026-10-07',
      page_size: '1000',
      ...query,
    });
  return { sandbox, clock, send, get, report };
}

test('a path without its trailing slash is not found, in plain text', async () => {
  const { send } = await open();
  const response = await send('campaign/get', { advertiser_id: first });
  expect([response.status, await response.text()]).toEqual([404, '404 page not found']);
});

test('an unknown path and a wrong method are errors inside HTTP 200', async () => {
  const { get } = await open();
  expect(await get('pixel/list/')).toMatchObject({ code: 40400, message: 'No route for pixel/list/.' });
  expect(await get('ad/get/', {}, { method: 'POST' })).toMatchObject({ code: 40117 });
});

test('a request without a token or with a wrong one is refused', async () => {
  const { get } = await open();
  const without = await get('campaign/get/', { advertiser_id: first }, { headers: {} });
  expect(without).toMatchObject({ code: 40104, message: 'Access token is empty.', data: {} });
  expect(
    await get('campaign/get/', { advertiser_id: first }, { headers: { 'access-token': 'other' } }),
  ).toMatchObject({ code: 40105, message: 'Access token is incorrect or has been revoked.' });
});

test('an advertiser that is missing, not digits or unknown is refused', async () => {
  const { get } = await open();
  expect(await get('campaign/get/')).toMatchObject({ code: 40002 });
  expect(await get('campaign/get/', { advertiser_id: 'act_1' })).toMatchObject({ code: 40002 });
  expect(await get('campaign/get/', { advertiser_id: '7000000000000000009' })).toMatchObject({ code: 40001 });
  expect(await get('advertiser/info/', { advertiser_ids: '["7000000000000000009"]' })).toMatchObject({
    code: 40001,
  });
});

test('lists hold ten records a page unless told otherwise, and a thousand at most', async () => {
  const { get } = await open({ size: 'full' });
  const page = await get('ad/get/', { advertiser_id: first });
  expect(page.data.list).toHaveLength(10);
  expect(page.data.page_info).toEqual({ page: 1, page_size: 10, total_number: 151, total_page: 16 });
  expect(await get('ad/get/', { advertiser_id: first, page_size: '1001' })).toMatchObject({
    code: 40002,
    message: 'page_size: Must be between 1 and 1000.',
  });
});

test('deleted ads are left out unless asked for', async () => {
  const { get } = await open();
  const count = async (filtering?: string) => {
    const page = await get('ad/get/', { advertiser_id: first, ...(filtering && { filtering }) });
    return page.data.page_info.total_number;
  };
  expect(await count()).toBe(3);
  expect(await count('{"primary_status":"STATUS_DELETE"}')).toBe(3);
});

test('reports leave deleted ads out unless all statuses are asked for', async () => {
  const { report } = await open();
  const some = (await report()).data.page_info.total_number;
  expect((await report({ filtering: allStatuses })).data.page_info.total_number).toBeGreaterThan(some);
});

const wrongReports: readonly (readonly [Readonly<Record<string, string>>, number, string])[] = [
  [{ metrics: 'spend' }, 40002, 'metrics: Not a valid JSON value.'],
  [{ metrics: '["spent"]' }, 40002, 'metrics: "spent" is not a supported metric.'],
  [
    { dimensions: '["ad_id","campaign_id"]' },
    40002,
    'dimensions: AUCTION_AD takes exactly one ID dimension, ad_id.',
  ],
  [{ dimensions: '["ad"]' }, 40002, 'dimensions: "ad" is not a supported dimension.'],
  [
    { data_level: 'AD' },
    40002,
    'data_level: Must be one of AUCTION_AD, AUCTION_ADGROUP, AUCTION_CAMPAIGN, AUCTION_ADVERTISER.',
  ],
  [{ report_type: '' }, 40002, 'report_type: Missing data for required field.'],
  [
    { report_type: 'BASICS' },
    40002,
    'report_type: Must be one of BASIC, AUDIENCE, PLAYABLE_MATERIAL, CATALOG, BC, TT_SHOP.',
  ],
  [
    { report_type: 'AUDIENCE' },
    40009,
    'The sandbox serves BASIC reports of AUCTION_AD by ad_id and stat_time_day only.',
  ],
  [{ start_date: '2026-02-30' }, 40002, 'start_date: Not a valid date, YYYY-MM-DD is expected.'],
  [{ start_date: '2026-10-08' }, 40002, 'start_date: Must not be after end_date.'],
  [{ start_date: '2026-09-07' }, 40002, 'The date range must not exceed 30 days with stat_time_day.'],
  [{ end_date: '2026-10-21' }, 40002, 'end_date: Must not be in the future.'],
  [
    { filtering: '[{"field_name":"ad_status","filter_type":"IN","filter_value":["STATUS_ALL"]}]' },
    40002,
    'filtering: filter_value must be a JSON array in a string.',
  ],
];

test.each(wrongReports)('a report asked for with %o is refused', async (query, code, message) => {
  const { report } = await open();
  expect(await report(query)).toMatchObject({ code, message, data: {} });
});

test('thirty days are a legal report, of a week before it the same rows, and today has none yet', async () => {
  const { report } = await open();
  const month = await report({ start_date: '2026-09-08' });
  const week = await report();
  const inWeek = month.data.list.filter(
    (row: { dimensions: { stat_time_day: string } }) => row.dimensions.stat_time_day >= '2026-10-01',
  );
  expect(inWeek).toEqual(week.data.list);
  expect(week.data.list.length).toBeGreaterThan(10);
  const today = await report({ start_date: '2026-10-20', end_date: '2026-10-20' });
  expect(today.data).toMatchObject({ list: [], page_info: { total_number: 0, total_page: 0 } });
});

test('figures of the last three days grow until they are final, and another seed has others', async () => {
  const { report, clock } = await open();
  const spendOf = async () => {
    const { data } = await report({ start_date: '2026-10-19', end_date: '2026-10-19' });
    return data.list.reduce(
      (sum: number, row: { metrics: { spend: string } }) => sum + Number(row.metrics.spend),
      0,
    );
  };
  const early = await spendOf();
  clock.now = new Date('2026-10-23T06:00:00Z');
  const final = await spendOf();
  expect(final).toBeGreaterThan(early * 1.05);
  clock.now = new Date('2027-01-01T06:00:00Z');
  expect(await spendOf()).toBe(final);
  const other = await open({ seed: 2 });
  expect((await other.report()).text).not.toBe((await report()).text);
});

test('ids beyond 2^53 come as text, and some as bare numbers that JSON.parse would round', async () => {
  const { get } = await open();
  const { text } = await get('ad/get/', {
    advertiser_id: first,
    fields: '["ad_id"]',
    filtering: '{"primary_status":"STATUS_ALL"}',
  });
  expect(text).toContain('{"ad_id":"1790000000300000001"}');
  expect(text).toContain('{"ad_id":1790000000300000004}');
});

test('a figure that is not there comes as a dash, null, or zero cost', async () => {
  const { report } = await open({ size: 'full' });
  const metrics = '["video_views_p25","cost_per_1000_reached","frequency","reach"]';
  const { text } = await report({ metrics });
  expect(text).toMatch(/"video_views_p25":"-"/);
  expect(text).toMatch(/"video_views_p25":null/);
  expect(text).toMatch(/"video_views_p25":"\d+"/);
  expect(text).toMatch(/"video_views_p25":\d+/);
  expect(text).toMatch(/"cost_per_1000_reached":"0.00","frequency":"-","reach":"0"/);
});

test('the eleventh request of one second is refused, and the next second is served again', async () => {
  const { get, clock } = await open();
  const ask = async () => (await get('advertiser/info/', { advertiser_ids: `["${first}"]` })).code;
  const codes: number[] = [];
  for (let request = 0; request < 11; request++) codes.push(await ask());
  expect(codes).toEqual([...Array(10).fill(0), 40100]);
  clock.now = new Date(clock.now.getTime() + 1000);
  expect(await ask()).toBe(0);
});

test('more than 600 requests in a minute lock the app out for five', async () => {
  const { get, clock } = await open();
  const ask = async () => (await get('advertiser/info/', { advertiser_ids: `["${first}"]` })).code;
  const pass = (ms: number) => {
    clock.now = new Date(clock.now.getTime() + ms);
  };
  for (let second = 0; second < 54; second++) {
    const codes = [];
    for (let request = 0; request < 11; request++) codes.push(await ask());
    expect(codes).toEqual([...Array(10).fill(0), 40100]);
    pass(1000);
  }
  for (let request = 0; request < 6; request++) expect(await ask()).toBe(0);
  expect(await ask()).toBe(40100);
  pass(299_000);
  expect(await ask()).toBe(40100);
  pass(2_000);
  expect(await ask()).toBe(0);
});

test('a query over more rows and metrics than the threshold is too large', async () => {
  const { report } = await open({ maxCells: 20 });
  expect(await report()).toMatchObject({ code: 40067 });
  expect(await report({ end_date: '2026-10-01' })).toMatchObject({ code: 0 });
});

test('a full month of 400 ads is too large in season, and not in summer', async () => {
  const { report, clock } = await open({ size: 'full' });
  clock.now = new Date('2027-01-05T06:00:00Z');
  const metrics = JSON.stringify(Array(23).fill('spend'));
  const december = await report({
    metrics,
    filtering: allStatuses,
    start_date: '2026-12-01',
    end_date: '2026-12-30',
  });
  const july = await report({
    metrics,
    filtering: allStatuses,
    start_date: '2026-07-01',
    end_date: '2026-07-30',
  });
  expect([december.code, july.code]).toEqual([40067, 0]);
});

test('an auth code is exchanged once for the token and the advertisers it may read', async () => {
  const { get, sandbox } = await open();
  const { app_id, app_secret } = credentials;
  const exchange = (auth_code: string) =>
    get(
      'oauth2/access_token/',
      {},
      { method: 'POST', body: JSON.stringify({ app_id, secret: app_secret, auth_code }) },
    );
  expect((await exchange(authCode)).data).toEqual({
    access_token: credentials.access_token,
    advertiser_ids: sandbox.settings.advertiserIds,
    scope: [1, 2, 4],
    token_type: 'Bearer',
  });
  expect(await exchange(authCode)).toMatchObject({ code: 40110 });
  const known = await get('oauth2/advertiser/get/', { app_id, secret: app_secret });
  expect(known.data.list).toEqual([
    { advertiser_id: first, advertiser_name: 'Empower DE' },
    { advertiser_id: '7000000000000000002', advertiser_name: 'Empower US' },
  ]);
  expect(sandbox.requests.join()).not.toContain(app_secret);
});

test('a fault that does not exist is named, with those that do', async () => {
  await expect(startSandbox({ fault: 'flood' })).rejects.toThrow(
    'there is no fault "flood"; allowed: rate-limit-burst,',
  );
});

import { afterEach, expect, test } from 'vitest';
import { dayNumber, dayText } from './sandbox/day.ts';
import { delivers, deliveryOf } from './sandbox/delivery.ts';
import { createWorld, shapes } from './sandbox/world.ts';
import type { TikTokSandboxOptions } from './sandbox.ts';
import { openReader, type Reader } from './testing.ts';

const [europe, america] = createWorld(1, shapes.small);
if (europe === undefined || america === undefined) throw new Error('the sandbox has two advertisers');
const october = { start: '2026-10-01', end: '2026-10-30' };
const opened: Reader[] = [];

afterEach(async () => {
  for (const reader of opened.splice(0)) await reader.close();
});

async function open(options?: TikTokSandboxOptions): Promise<Reader> {
  const reader = await openReader(options);
  opened.push(reader);
  return reader;
}

/** Ad-days with figures, straight from the sandbox's data, deleted ads included. */
function adDays({ start, end }: { start: string; end: string }) {
  const days = [];
  for (const ad of europe?.ads ?? [])
    for (let day = dayNumber(start); day <= dayNumber(end); day++)
      if (europe !== undefined && delivers(1, europe, ad, day))
        days.push({ ad, day: dayText(day), delivery: deliveryOf(1, europe, ad, day, 99) });
  return days;
}

test('a report row holds the 26 columns, each from the figure it is named for', async () => {
  const { report } = await open();
  const { rows } = await report(europe.id, october);
  const [first] = adDays(october);
  const { spend, impressions, clicks, reach, plays, p25, p50, p75, p100, averagePlay } =
    first?.delivery ?? never();
  expect(rows[0]).toEqual({
    DATE: '2026-10-01',
    VIDEO_AVERAGE_PLAY_TIME: String(averagePlay),
    FORMAT: 'SINGLE_VIDEO',
    VIDEO_VIEWS_AT_50: String(p50),
    FREQUENCY: (impressions / reach).toFixed(2),
    AMOUNT_SPENT_USD: spend.toFixed(2),
    VIDEO_VIEWS_AT_75: String(p75),
    VIDEO_VIEWS_AT_25: String(p25),
    CPR: ((spend / reach) * 1000).toFixed(2),
    REACH: String(reach),
    CTR_DESTINATION: ((clicks / impressions) * 100).toFixed(2),
    CURRENCY: 'EUR',
    IMPRESSIONS: String(impressions),
    CPM: ((spend / impressions) * 1000).toFixed(2),
    CPC_DESTINATION: (spend / clicks).toFixed(2),
    LINK_CLICKS: String(clicks),
    CALL_TO_ACTION: 'LEARN_MORE',
    TEXT: 'Jetzt 20 % sparen – nur bis Sonntag',
    PLATFORM: 'TikTok',
    LANGUAGE: 'de',
    CREATIVE: '1790000000300000001',
    AD_NAME: 'Ad 1',
    VIDEO_VIEWS_AT_100: String(p100),
    VIDEO_VIEWS: String(plays),
    AD_GROUP_NAME: 'Ad group 1',
    CAMPAIGN_NAME: 'DE | TRAFFIC | always 1',
  });
});

test('a report holds every ad and day that has figures, deleted ads too, and announces as many', async () => {
  const { report } = await open();
  const { rows, total } = await report(europe.id, october);
  const expected = adDays(october);
  expect(expected.some(({ ad }) => ad.isDeleted)).toBe(true);
  expect(rows.map(({ DATE, CREATIVE }) => `${DATE} ${CREATIVE}`)).toEqual(
    expected.map(({ ad, day }) => `${day} ${ad.id}`),
  );
  expect(total).toBe(expected.length);
});

test('the same window gives the same rows twice', async () => {
  const { report } = await open();
  expect(await report(america.id, october)).toEqual(await report(america.id, october));
});

test('ids that differ in their last digit only stay apart', async () => {
  const { snapshot } = await open({ size: 'full' });
  const { rows } = await snapshot('ads', europe.id);
  expect(new Set(rows.map(({ ad_id }) => ad_id)).size).toBe(200);
  expect(rows.every(({ ad_id }) => /^17900000003\d{8}$/.test(String(ad_id)))).toBe(true);
});

test('what has no value is NULL and never 0, and nobody reached is no cost', async () => {
  const { report } = await open({ size: 'full' });
  const { rows } = await report(europe.id, { start: '2026-10-01', end: '2026-10-07' });
  const values = rows.flatMap((row) => Object.values(row));
  expect(values.filter((value) => value === '-' || value === '' || value === null)).toEqual([]);
  const carousel = rows.find(({ FORMAT }) => FORMAT === 'CAROUSEL_ADS');
  expect(carousel).toMatchObject({ VIDEO_VIEWS: undefined, VIDEO_VIEWS_AT_100: undefined });
  const unreached = rows.filter(({ REACH }) => REACH === '0');
  expect(unreached.length).toBeGreaterThan(0);
  expect(unreached.filter(({ CPR }) => CPR !== undefined)).toEqual([]);
});

test('platform and language are those of the ad group, in one order, and all languages are none', async () => {
  const { report } = await open({ size: 'full' });
  const { rows } = await report(europe.id, { start: '2026-10-01', end: '2026-10-30' });
  const targets = new Set(rows.map(({ PLATFORM, LANGUAGE }) => `${PLATFORM} | ${LANGUAGE}`));
  expect([...targets].toSorted()).toEqual([
    'TikTok | de',
    'TikTok, Pangle | de, en',
    'TikTok, Pangle, Global App Bundle | undefined',
  ]);
});

test('legacyEstimates computes quartiles and CPR as the predecessor did, and nothing else differs', async () => {
  const { report } = await open({ size: 'full' });
  const window = { start: '2026-10-05', end: '2026-10-05' };
  const { rows } = await report(europe.id, window);
  const legacy = await report(europe.id, window, true);
  const estimated = [
    'VIDEO_VIEWS_AT_25',
    'VIDEO_VIEWS_AT_50',
    'VIDEO_VIEWS_AT_75',
    'VIDEO_VIEWS_AT_100',
    'CPR',
  ];
  const differing = new Set<string>();
  for (const [index, row] of rows.entries())
    for (const [name, value] of Object.entries(row))
      if (value !== legacy.rows[index]?.[name]) differing.add(name);
  expect([...differing].toSorted()).toEqual(estimated.toSorted());
});

test('legacyEstimates of one ad and day follow from its figures', async () => {
  const { report } = await open();
  const { rows } = await report(europe.id, october, true);
  const [first] = adDays(october);
  const { watched2s, watched6s, plays, spend, reach } = first?.delivery ?? never();
  expect(rows[0]).toMatchObject({
    VIDEO_VIEWS_AT_25: watched2s,
    VIDEO_VIEWS_AT_50: watched6s,
    VIDEO_VIEWS_AT_75: Math.trunc(plays * 0.75),
    VIDEO_VIEWS_AT_100: plays,
    CPR: Math.round((spend / reach) * 1e6) / 1e6,
  });
});

test('a report that is too large is asked for in halves, down to single days, and loses nothing', async () => {
  const whole = await open();
  const split = await open({ fault: 'query-too-large' });
  const expected = await whole.report(europe.id, october);
  const got = await split.report(europe.id, october);
  const byKey = (a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>) =>
    `${a.DATE} ${a.CREATIVE}`.localeCompare(`${b.DATE} ${b.CREATIVE}`);
  expect(got.rows.toSorted(byKey)).toEqual(expected.rows.toSorted(byKey));
  expect(got.total).toBe(expected.total);
  const windows = split.requests
    .filter((line) => line.includes('report/'))
    .map((line) => new URLSearchParams(line.split('?')[1]))
    .map((query) => `${query.get('start_date')} ${query.get('end_date')}`);
  expect(windows.slice(0, 3)).toEqual([
    '2026-10-01 2026-10-30',
    '2026-10-01 2026-10-15',
    '2026-10-01 2026-10-07',
  ]);
});

test('a report as long as the vendor cuts reports off at is refused', async () => {
  const shape = { campaigns: 2500, adgroupsPerCampaign: 1, adsPerAdgroup: 8 };
  const { report } = await open({ shape, maxAds: 10_000, maxCells: Number.MAX_SAFE_INTEGER });
  await expect(report(europe.id, { start: '2026-11-19', end: '2026-11-19' })).rejects.toMatchObject({
    kind: 'fatal',
    code: 'too-large',
    message:
      '[tiktok-marketing] the report of advertiser 7000000000000000001 has just as many ads as TikTok cuts reports off at: ' +
      'got 10000; nothing of this slice is loaded; ask for fewer days, or move campaigns to another advertiser',
  });
});

test('campaigns, ad groups and ads come with their ids as text, their times in UTC, and the deleted ones', async () => {
  const { snapshot } = await open();
  const campaigns = await snapshot('campaigns', europe.id);
  expect(campaigns.total).toBe(3);
  expect(campaigns.rows[0]).toEqual({
    advertiser_id: '7000000000000000001',
    campaign_id: '1790000000100000001',
    campaign_name: 'DE | TRAFFIC | always 1',
    campaign_type: 'REGULAR_CAMPAIGN',
    objective_type: 'TRAFFIC',
    operation_status: 'ENABLE',
    secondary_status: 'CAMPAIGN_STATUS_ENABLE',
    budget: europe.campaigns[0]?.budget,
    budget_mode: 'BUDGET_MODE_DAY',
    create_time: '2025-01-04T09:30:00Z',
    modify_time: '2025-01-07T09:30:00Z',
  });
  expect(campaigns.rows[2]).toMatchObject({ secondary_status: 'CAMPAIGN_STATUS_DELETE' });
  const adgroups = await snapshot('adgroups', europe.id);
  expect(adgroups.rows[1]).toMatchObject({
    adgroup_id: '1790000000200000002',
    placements: ['PLACEMENT_TIKTOK', 'PLACEMENT_PANGLE'],
    languages: ['en', 'de'],
    location_ids: ['2921044'],
    bid_price: 0.45,
  });
  const ads = await snapshot('ads', europe.id);
  expect(ads.total).toBe(6);
  expect(ads.rows.find(({ ad_id }) => ad_id === '1790000000300000004')).toMatchObject({
    ad_format: 'CAROUSEL_ADS',
    creative_type: undefined,
    call_to_action: undefined,
    video_id: undefined,
    secondary_status: 'AD_STATUS_DELIVERY_OK',
  });
});

test('an advertiser is one row, its creation read from epoch seconds', async () => {
  const { snapshot } = await open();
  expect(await snapshot('advertisers', america.id)).toEqual({
    rows: [
      {
        advertiser_id: '7000000000000000002',
        name: 'Empower US',
        company: 'Empower Inc.',
        status: 'STATUS_ENABLE',
        currency: 'USD',
        timezone: 'Etc/UTC',
        display_timezone: 'Etc/UTC',
        country: 'US',
        language: 'en',
        industry: '291905',
        balance: 1235.56,
        create_time: '2024-10-08T00:00:00.000Z',
      },
    ],
    total: 1,
  });
});

test('an advertiser that the token does not reach is named with what TikTok says', async () => {
  const { snapshot } = await open();
  await expect(snapshot('ads', '7000000000000000009')).rejects.toThrow(/40001.*7000000000000000009/);
});

test('a field that nobody asked for stays in the row, for the drift report', async () => {
  const { snapshot } = await open({ fault: 'new-field' });
  expect((await snapshot('ads', europe.id)).rows[0]).toMatchObject({ aigc_disclosure_type: 'NOT_DECLARED' });
});

test('advertisers without ads have no rows, and say so', async () => {
  const { report, snapshot } = await open({ fault: 'empty' });
  expect(await report(europe.id, october)).toEqual({ rows: [], total: 0 });
  expect(await snapshot('campaigns', europe.id)).toEqual({ rows: [], total: 0 });
});

const passing = ['rate-limit-burst', 'server-errors', 'system-errors', 'truncated-body', 'connection-reset'];

test.each(passing)('the fault %s changes no row', async (fault) => {
  const plain = await open();
  const disturbed = await open({ fault });
  expect(await disturbed.report(europe.id, october)).toEqual(await plain.report(europe.id, october));
  expect(disturbed.requests.length).toBeGreaterThan(plain.requests.length);
});

const failing: readonly (readonly [string, string, string])[] = [
  [
    'repeated-page',
    'vendor',
    'report/integrated/get/ of advertiser 7000000000000000001 is not whole: page 2 repeats a record',
  ],
  ['shrinking-total', 'vendor', 'but not on page 2'],
  ['missing-page', 'vendor', 'is empty: got 0'],
  ['missing-row', 'vendor', 'records were announced'],
  ['day-too-large', 'too-large', 'is too large for TikTok (code 40067) even for one day: got "2026-10-01"'],
  ['token-wrong', 'auth', '40105'],
  ['token-expires', 'auth', '40102'],
  ['rate-limited-for-ever', 'deferred', '40100'],
];

test.each(failing)('the fault %s stops the slice with code %s: %s', async (fault, code, says) => {
  const { report } = await open({ fault });
  const failure = report(europe.id, october);
  await expect(failure).rejects.toMatchObject({ code });
  await expect(failure).rejects.toThrow(says);
});

test('reading far more than the vendor serves in a second waits instead of breaking its limits', async () => {
  const { snapshot, waits, requests } = await open();
  for (let round = 0; round < 30; round++) await snapshot('advertisers', europe.id);
  expect(requests).toHaveLength(30);
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(2000);
});

function never(): never {
  throw new Error('the sandbox has figures for this ad');
}

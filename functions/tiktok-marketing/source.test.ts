import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseSchema } from '../core/schema.ts';
import { source } from './source.ts';

const columnsOf = (table: string) => {
  const file = new URL(`../../schemas/tiktok-marketing/${table}.json`, import.meta.url);
  return parseSchema(readFileSync(file, 'utf8'), `schemas/tiktok-marketing/${table}.json`);
};

test('ad_report_daily has the 26 columns of TIKTOKREPORT_RAW in their order and types', () => {
  expect(columnsOf('ad_report_daily').map(({ name, type, mode }) => `${name} ${type} ${mode}`)).toEqual([
    'DATE DATE NULLABLE',
    'VIDEO_AVERAGE_PLAY_TIME FLOAT NULLABLE',
    'FORMAT STRING NULLABLE',
    'VIDEO_VIEWS_AT_50 INTEGER NULLABLE',
    'FREQUENCY FLOAT NULLABLE',
    'AMOUNT_SPENT_USD FLOAT NULLABLE',
    'VIDEO_VIEWS_AT_75 INTEGER NULLABLE',
    'VIDEO_VIEWS_AT_25 INTEGER NULLABLE',
    'CPR FLOAT NULLABLE',
    'REACH INTEGER NULLABLE',
    'CTR_DESTINATION FLOAT NULLABLE',
    'CURRENCY STRING NULLABLE',
    'IMPRESSIONS INTEGER NULLABLE',
    'CPM FLOAT NULLABLE',
    'CPC_DESTINATION FLOAT NULLABLE',
    'LINK_CLICKS INTEGER NULLABLE',
    'CALL_TO_ACTION STRING NULLABLE',
    'TEXT STRING NULLABLE',
    'PLATFORM STRING NULLABLE',
    'LANGUAGE STRING NULLABLE',
    'CREATIVE STRING NULLABLE',
    'AD_NAME STRING NULLABLE',
    'VIDEO_VIEWS_AT_100 INTEGER NULLABLE',
    'VIDEO_VIEWS INTEGER NULLABLE',
    'AD_GROUP_NAME STRING NULLABLE',
    'CAMPAIGN_NAME STRING NULLABLE',
  ]);
});

test('every table has a schema file whose columns are all described and hold its key', () => {
  for (const [name, table] of Object.entries(source.tables)) {
    const columns = columnsOf(name);
    expect(columns.filter(({ description }) => !description)).toEqual([]);
    expect(columns.map((column) => column.name)).toEqual(expect.arrayContaining([...table.key]));
  }
});

const mistakesIn = (settings: unknown) =>
  source.settings
    .safeParse(settings)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

test('settings need at least one advertiser id, and estimate nothing unless told to', () => {
  expect(source.settings.parse({ advertiserIds: ['7000000000000000001'] })).toEqual({
    advertiserIds: ['7000000000000000001'],
    legacyEstimates: false,
  });
  expect(mistakesIn({ advertiserIds: [] })).toEqual(['advertiserIds: at least one advertiser id']);
});

test('an advertiser id that is not digits, not text, or named twice is refused in words', () => {
  expect(mistakesIn({ advertiserIds: ['act_12'] })).toEqual([
    'advertiserIds.0: digits only, as TikTok Ads Manager shows the advertiser id',
  ]);
  expect(mistakesIn({ advertiserIds: [7000000000000000001n] })).toEqual([
    'advertiserIds.0: digits in quotes, such as "7000000000000000001" (YAML rounds a bare number this long)',
  ]);
  expect(mistakesIn({ advertiserIds: ['7', '7'] })).toEqual(['advertiserIds: each advertiser id once']);
});

test('a secret of the predecessor, which carries an advertiser id, is still one', () => {
  const secret = { app_id: '1', app_secret: 'b', access_token: 'c', advertiser_id: '7' };
  expect(source.secret.parse(secret)).toEqual(secret);
});

test('every code of the vendor is in one rule only', () => {
  const codes = source.http?.answer?.rules.flatMap((rule) => rule.codes.map(String)) ?? [];
  expect(codes.length).toBeGreaterThan(40);
  expect(new Set(codes).size).toBe(codes.length);
});

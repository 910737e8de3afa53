import { z } from 'zod';
import type { AnswerPolicy } from '../core/http/policy.ts';
import { defineSource } from '../core/source.ts';

const advertiserId = z
  .string({ error: 'digits in quotes, such as "7000000000000000001" (YAML rounds a bare number this long)' })
  .regex(/^\d{1,20}$/, 'digits only, as TikTok Ads Manager shows the advertiser id');

/**
 * TikTok answers HTTP 200 whatever happened; the `code` in the body tells.
 *
 * @see https://business-api.tiktok.com/portal/docs?id=1737172488964097 (return codes)
 */
const answer: AnswerPolicy = {
  codeField: 'code',
  messageField: 'message',
  requestIdField: 'request_id',
  // 20001 is partial success: the data is read, and the page check fails the slice if rows are missing.
  ok: [0, 20001],
  rules: [
    {
      codes: [40016, 40100, 40132, 40133],
      action: 'retry',
      // A breach of the limit per minute is forgiven after five minutes.
      waitSeconds: 300,
      means: 'too many requests: rate limit of the app or of this advertiser',
    },
    { codes: [40067], action: 'split', means: 'the query covers too much data' },
    {
      codes: [40102, 40104, 40105, 40106],
      action: 'auth',
      means: 'the access token has expired, is empty, wrong or revoked, or its user is gone',
    },
    { codes: [40103, 40107], action: 'auth', means: 'the refresh token has expired or is wrong' },
    {
      codes: [40110, 40113, 40118, 40130],
      action: 'auth',
      means: 'the auth code is wrong, or the app is blocked, not on the allow list, or lacks a scope',
    },
    {
      codes: [40115, 40116, 40117],
      action: 'fatal',
      means: 'the request was too old, badly signed, or used a method that is not allowed',
    },
    {
      codes: [40001],
      action: 'fatal',
      means: 'the token has no permission for this advertiser, or the advertiser does not exist',
    },
    {
      codes: [40300, 40301, 40302],
      action: 'fatal',
      means: 'the advertiser does not exist, or its role does not allow this',
    },
    { codes: [40000, 40002, 40003, 40006, 40011], action: 'fatal', means: 'a parameter is not valid' },
    {
      codes: [40007, 40008, 40009, 40051, 40400],
      action: 'fatal',
      means: 'this object, path or API version does not exist',
    },
    { codes: [40050], action: 'fatal', means: 'the same request was sent before' },
    { codes: [40200, 40201, 40202, 40700], action: 'retry', means: 'not ready, or in conflict with a write' },
    { codes: [41000, 41001, 41002], action: 'fatal', means: 'blocked, or taken offline by TikTok' },
    {
      codes: [50000, 50002, [51000, 51099], [52000, 52204], 53102, 53103],
      action: 'retry',
      means: 'an error inside TikTok (if it stays: check the advertiser ids)',
    },
    { codes: [60001], action: 'wait', waitSeconds: 300, means: 'maintenance at TikTok' },
    { codes: [61000], action: 'wait', waitSeconds: 3600, means: 'the app is blocked for too many requests' },
  ],
};

export const source = defineSource({
  title: 'TikTok Marketing',
  docs: 'https://business-api.tiktok.com/portal/docs?id=1740302848100353',
  hosts: ['business-api.tiktok.com'],
  runsOn: 'function',
  secret: z.strictObject({
    app_id: z.string().min(1),
    app_secret: z.string().min(1),
    /** The long-term token of the marketing API: it has no expiry and no refresh. */
    access_token: z.string().min(1),
    /** Read over: secrets that the predecessor wrote carry it. Advertisers are named in the settings. */
    advertiser_id: z.string().optional(),
  }),
  settings: z.strictObject({
    advertiserIds: z
      .array(advertiserId)
      .min(1, 'at least one advertiser id')
      .refine((ids) => new Set(ids).size === ids.length, 'each advertiser id once'),
    /** Computes VIDEO_VIEWS_AT_25 to _100 and CPR the way the predecessor estimated them, to compare with its rows. */
    legacyEstimates: z.boolean().default(false),
  }),
  accounts: 'advertiserIds',
  http: {
    baseUrl: 'https://business-api.tiktok.com/open_api/v1.3/',
    auth: { header: 'Access-Token', secret: 'access_token' },
    answer,
    // 90 % of the vendor's 10 and 600 (app, Basic tier) and 20 (advertiser and path): it counts arrivals, not
    // departures, and one request too many in a minute locks the app out for five.
    // https://business-api.tiktok.com/portal/docs?id=1740029171730433
    limits: [
      { scope: 'app', max: 9, perSeconds: 1 },
      { scope: 'app', max: 540, perSeconds: 60 },
      { scope: 'account+path', max: 18, perSeconds: 1 },
    ],
  },
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC' },
  tables: {
    ad_report_daily: {
      key: ['DATE', 'CREATIVE'],
      writeMode: 'replaceWindow',
      windowField: 'DATE',
      clusterBy: ['CAMPAIGN_NAME', 'CREATIVE'],
      cursor: {
        kind: 'window',
        lag: 1,
        // Figures settle in two or three days; attribution by click goes on for seven, the vendor's default window.
        // Accounts with a longer one need a backfill of as many days now and then.
        lookback: 7,
        // The vendor's limit for reports by day, both ends included.
        maxSpan: 30,
      },
    },
    campaigns: {
      key: ['advertiser_id', 'campaign_id'],
      writeMode: 'merge',
      cursor: { kind: 'snapshot' },
    },
    adgroups: {
      key: ['advertiser_id', 'adgroup_id'],
      writeMode: 'merge',
      cursor: { kind: 'snapshot' },
    },
    ads: {
      key: ['advertiser_id', 'ad_id'],
      writeMode: 'merge',
      cursor: { kind: 'snapshot' },
    },
    advertisers: {
      key: ['advertiser_id'],
      writeMode: 'merge',
      cursor: { kind: 'snapshot' },
    },
  },
});

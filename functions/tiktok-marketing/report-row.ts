import type { Row } from '../core/extract.ts';
import type { Attributes } from './attributes.ts';
import { cell, dayOf, idText, type VendorRecord } from './cells.ts';
import { legacyEstimates } from './legacy-estimates.ts';

/** Figures, and the attributes that the report gives beside them. */
export const askedMetrics = [
  'spend',
  'impressions',
  'clicks',
  'ctr',
  'cpm',
  'cpc',
  'reach',
  'frequency',
  'cost_per_1000_reached',
  'video_play_actions',
  'video_watched_2s',
  'video_watched_6s',
  'average_video_play',
  'video_views_p25',
  'video_views_p50',
  'video_views_p75',
  'video_views_p100',
  'currency',
  'campaign_name',
  'adgroup_id',
  'adgroup_name',
  'ad_name',
  'ad_text',
] as const;

const asked: ReadonlySet<string> = new Set(askedMetrics);

/**
 * One record of the report as a row of TIKTOKREPORT_RAW:
 * `{dimensions: {ad_id, stat_time_day}, metrics: {spend: "12.50", impressions: "3100", …}}`.
 */
export function reportRow(record: VendorRecord, { ads, adgroups }: Attributes, isLegacy: boolean): Row {
  const dimensions = record.dimensions as VendorRecord;
  const metrics = record.metrics as VendorRecord;
  const adId = idText(dimensions.ad_id);
  const ad = ads.get(adId ?? '');
  const adgroup = adgroups.get(idText(metrics.adgroup_id) ?? '');
  const row: Record<string, unknown> = {
    DATE: dayOf(dimensions.stat_time_day),
    VIDEO_AVERAGE_PLAY_TIME: cell(metrics.average_video_play),
    FORMAT: ad?.format,
    VIDEO_VIEWS_AT_50: cell(metrics.video_views_p50),
    FREQUENCY: cell(metrics.frequency),
    AMOUNT_SPENT_USD: cell(metrics.spend),
    VIDEO_VIEWS_AT_75: cell(metrics.video_views_p75),
    VIDEO_VIEWS_AT_25: cell(metrics.video_views_p25),
    CPR: costPerReached(metrics),
    REACH: cell(metrics.reach),
    CTR_DESTINATION: cell(metrics.ctr),
    CURRENCY: cell(metrics.currency),
    IMPRESSIONS: cell(metrics.impressions),
    CPM: cell(metrics.cpm),
    CPC_DESTINATION: cell(metrics.cpc),
    LINK_CLICKS: cell(metrics.clicks),
    CALL_TO_ACTION: ad?.callToAction,
    TEXT: cell(metrics.ad_text),
    PLATFORM: adgroup?.platform,
    LANGUAGE: adgroup?.language,
    CREATIVE: adId,
    AD_NAME: cell(metrics.ad_name),
    VIDEO_VIEWS_AT_100: cell(metrics.video_views_p100),
    VIDEO_VIEWS: cell(metrics.video_play_actions),
    AD_GROUP_NAME: cell(metrics.adgroup_name),
    CAMPAIGN_NAME: cell(metrics.campaign_name),
  };
  if (isLegacy) Object.assign(row, legacyEstimates(metrics));
  for (const name in metrics) if (!asked.has(name)) row[name] = metrics[name];
  return row;
}

/** TikTok writes "0.00" where nobody was reached, which is no cost at all; with people reached it is a true zero. */
function costPerReached({ cost_per_1000_reached, reach }: VendorRecord): unknown {
  const cost = cell(cost_per_1000_reached);
  return Number(cost) === 0 && Number(cell(reach) ?? 0) === 0 ? undefined : cost;
}

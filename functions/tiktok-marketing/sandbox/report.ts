import { bareId, type Page, pageOf, VendorError } from './answer.ts';
import { type Day, dayText } from './day.ts';
import { type Delivery, delivers, deliveryOf } from './delivery.ts';
import { isTexts, type Params } from './params.ts';
import type { Ad, Advertiser } from './world.ts';

export interface ReportWorld {
  readonly seed: number;
  readonly today: Day;
  /** Rows times metrics beyond which a query is too large (code 40067). */
  readonly maxCells: number;
  /** Ads beyond this many are cut off without a word, the oldest first. */
  readonly maxAds: number;
}

export interface ReportRecord {
  readonly dimensions: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, unknown>>;
}

const reportTypes = ['BASIC', 'AUDIENCE', 'PLAYABLE_MATERIAL', 'CATALOG', 'BC', 'TT_SHOP'];
const levels = ['AUCTION_AD', 'AUCTION_ADGROUP', 'AUCTION_CAMPAIGN', 'AUCTION_ADVERTISER'];
const idDimensions = ['advertiser_id', 'campaign_id', 'adgroup_id', 'ad_id'];
const timeDimensions = ['stat_time_day', 'stat_time_hour'];
const otherDimensions = ['country_code', 'ad_type', 'ad_id_v2'];

/** `GET report/integrated/get/`, for BASIC reports of ads by day. */
export function readReport(params: Params, owner: Advertiser, world: ReportWorld): Page<ReportRecord> {
  const { start, end, metrics } = checkQuery(params, world.today);
  const last = Math.min(end, world.today - 1);
  const runs = owner.ads.filter(adFilter(params)).flatMap((ad) => {
    const days: Day[] = [];
    for (let day = start; day <= last; day++) if (delivers(world.seed, owner, ad, day)) days.push(day);
    return days.length > 0 ? [{ ad, days }] : [];
  });
  const rows = runs.slice(-world.maxAds).flatMap(({ ad, days }) => days.map((day) => ({ ad, day })));
  if (rows.length * metrics.length > world.maxCells)
    throw new VendorError(40067, 'The query is too large. Please narrow the date range or the metrics.');
  return pageOf(rows, params.page(), ({ ad, day }) => ({
    dimensions: {
      stat_time_day: `${dayText(day)} 00:00:00`,
      ad_id: ad.index % 3 === 2 ? bareId(ad.id) : ad.id,
    },
    metrics: shapeMetrics(metrics, owner, ad, deliveryOf(world.seed, owner, ad, day, world.today - day)),
  }));
}

function checkQuery(params: Params, today: Day) {
  const type = params.oneOf('report_type', reportTypes);
  const level = params.oneOf('data_level', levels);
  params.oneOf('service_type', ['AUCTION', 'RESERVATION'], 'AUCTION');
  const dimensions = checkDimensions(params, level);
  const metrics = params.texts('metrics') ?? ['spend', 'impressions'];
  const unknown = metrics.find((name) => !(name in metricShapes));
  if (unknown !== undefined) throw new VendorError(40002, `metrics: "${unknown}" is not a supported metric.`);
  if (type !== 'BASIC' || level !== 'AUCTION_AD' || dimensions.length !== 2)
    throw new VendorError(
      40009,
      'The sandbox serves BASIC reports of AUCTION_AD by ad_id and stat_time_day only.',
    );
  const start = params.day('start_date');
  const end = params.day('end_date');
  if (start > end) throw new VendorError(40002, 'start_date: Must not be after end_date.');
  if (end - start + 1 > 30)
    throw new VendorError(40002, 'The date range must not exceed 30 days with stat_time_day.');
  if (end > today) throw new VendorError(40002, 'end_date: Must not be in the future.');
  return { start, end, metrics };
}

function checkDimensions(params: Params, level: string): readonly string[] {
  params.required('dimensions');
  const dimensions = params.texts('dimensions') ?? [];
  const known = [...idDimensions, ...timeDimensions, ...otherDimensions];
  const unknown = dimensions.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new VendorError(40002, `dimensions: "${unknown}" is not a supported dimension.`);
  const ids = dimensions.filter((name) => idDimensions.includes(name));
  const expected = `${level.slice('AUCTION_'.length).toLowerCase()}_id`;
  if (ids.length !== 1 || ids[0] !== expected)
    throw new VendorError(40002, `dimensions: ${level} takes exactly one ID dimension, ${expected}.`);
  if (dimensions.filter((name) => timeDimensions.includes(name)).length > 1)
    throw new VendorError(40002, 'dimensions: at most one time dimension is supported.');
  return dimensions;
}

function adFilter(params: Params): (ad: Ad) => boolean {
  const filters = params.json('filtering') ?? [];
  if (!Array.isArray(filters)) throw new VendorError(40002, 'filtering: Not a valid list.');
  let status = 'STATUS_NOT_DELETE';
  let ids: ReadonlySet<string> | undefined;
  for (const filter of filters) {
    const { field_name, filter_type, filter_value } = (filter ?? {}) as Readonly<Record<string, unknown>>;
    const values = parseFilterValue(filter_value);
    if (filter_type !== 'IN')
      throw new VendorError(40002, 'filtering: filter_type must be IN for this field.');
    if (field_name === 'ad_status') status = values[0] ?? '';
    else if (field_name === 'ad_ids') ids = new Set(values);
    else throw new VendorError(40002, `filtering: field_name "${String(field_name)}" is not supported.`);
  }
  if (!['STATUS_ALL', 'STATUS_NOT_DELETE', 'STATUS_DELETE'].includes(status))
    throw new VendorError(40002, `filtering: "${status}" is not a supported ad_status.`);
  return (ad) =>
    (status === 'STATUS_ALL' || ad.isDeleted === (status === 'STATUS_DELETE')) && (ids?.has(ad.id) ?? true);
}

/** The vendor wants the list as JSON text inside the JSON. */
function parseFilterValue(value: unknown): readonly string[] {
  try {
    const list: unknown = JSON.parse(String(value));
    if (isTexts(list)) return list;
  } catch {
    // Answered below like any other wrong value.
  }
  throw new VendorError(40002, 'filtering: filter_value must be a JSON array in a string.');
}

function shapeMetrics(names: readonly string[], owner: Advertiser, ad: Ad, delivery: Delivery) {
  const metrics: Record<string, unknown> = {};
  for (const name of names) metrics[name] = metricShapes[name]?.(delivery, ad, owner);
  return metrics;
}

type Shape = (delivery: Delivery, ad: Ad, owner: Advertiser) => unknown;

/** Figures come as text or as numbers, and what is not there as "-", null or "0.00", as the vendor mixes them. */
const metricShapes: Readonly<Record<string, Shape>> = {
  spend: ({ spend }) => spend.toFixed(2),
  impressions: ({ impressions }) => String(impressions),
  clicks: ({ clicks }) => String(clicks),
  reach: ({ reach }) => String(reach),
  ctr: ({ clicks, impressions }) => ((clicks / impressions) * 100).toFixed(2),
  cpm: ({ spend, impressions }) => ((spend / impressions) * 1000).toFixed(2),
  cpc: ({ spend, clicks }) => (clicks === 0 ? '0.00' : (spend / clicks).toFixed(2)),
  frequency: ({ impressions, reach }) => (reach === 0 ? '-' : (impressions / reach).toFixed(2)),
  cost_per_1000_reached: ({ spend, reach }, { index }) =>
    reach === 0 ? (index % 2 === 0 ? '0.00' : '-') : ((spend / reach) * 1000).toFixed(2),
  video_play_actions: video(({ plays }) => plays),
  video_watched_2s: video(({ watched2s }) => watched2s),
  video_watched_6s: video(({ watched6s }) => watched6s),
  video_views_p25: video(({ p25 }) => p25),
  video_views_p50: video(({ p50 }) => p50),
  video_views_p75: video(({ p75 }) => p75),
  video_views_p100: video(({ p100 }) => p100),
  average_video_play: video(({ averagePlay }) => averagePlay),
  currency: (_, _ad, { currency }) => currency,
  campaign_id: (_, { campaign }) => campaign.id,
  campaign_name: (_, { campaign }) => campaign.name,
  objective_type: (_, { campaign }) => campaign.objective,
  adgroup_id: (_, { adgroup, index }) => (index % 3 === 2 ? bareId(adgroup.id) : adgroup.id),
  adgroup_name: (_, { adgroup }) => adgroup.name,
  ad_name: (_, { name }) => name,
  ad_text: (_, { text }) => text,
  placement_type: (_, { adgroup }) => (adgroup.isAutomatic ? 'Automatic placement' : 'Select placement'),
};

function video(figure: (delivery: Delivery) => number): Shape {
  return (delivery, { hasVideo, index }) => {
    if (!hasVideo) return index % 2 === 0 ? null : '-';
    return index % 2 === 0 ? String(figure(delivery)) : figure(delivery);
  };
}

import { type Day, month, weekday } from './day.ts';
import { createRandom } from './random.ts';
import { type Ad, type Advertiser, isRunning } from './world.ts';

/** What one ad did on one day. */
export interface Delivery {
  readonly spend: number;
  readonly impressions: number;
  readonly clicks: number;
  readonly reach: number;
  readonly plays: number;
  readonly watched2s: number;
  readonly watched6s: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p100: number;
  /** Seconds. */
  readonly averagePlay: number;
}

/** Sunday to Saturday. */
const weekdayFactors = [1.18, 0.92, 0.9, 0.94, 1, 1.08, 1.22];
const monthFactors = [0.85, 0.88, 0.95, 1, 1.02, 1.05, 0.92, 0.9, 1, 1.08, 1.35, 1.5];
/** How much of the final figures the vendor knows after one, two and three days. */
const knownAfter = [0, 0.91, 0.97, 0.995];

/** True when an ad has figures for a day: its campaign runs, and it is not one of the ad's rare days without. */
export function delivers(seed: number, { index }: Advertiser, ad: Ad, day: Day): boolean {
  return isRunning(ad.campaign, day) && createRandom(seed, index, 4, ad.index, day)() >= 0.03;
}

/**
 * The figures of one ad and day as the vendor knows them `age` days later. Whatever the query, they are the same; the
 * last three days are not final yet.
 */
export function deliveryOf(seed: number, owner: Advertiser, ad: Ad, day: Day, age: number): Delivery {
  const random = createRandom(seed, owner.index, 5, ad.index, day);
  const known = knownAfter[age] ?? 1;
  const level = (weekdayFactors[weekday(day)] ?? 1) * (monthFactors[month(day)] ?? 1);
  // Now and then an ad is shown to hardly anybody, whom the vendor does not count as reached.
  const isTrickle = random() < 0.02;
  const impressions = isTrickle
    ? 1 + Math.floor(random() * 4)
    : Math.round(ad.usual * level * (0.7 + 0.6 * random()) * known);
  const costPerMille = (owner.index === 0 ? 4.2 : 6.1) * (0.8 + 0.5 * random());
  const clicks = isTrickle ? 0 : Math.round(impressions * (0.004 + 0.018 * random()) * known);
  const plays = ad.hasVideo ? Math.round(impressions * (0.88 + 0.1 * random())) : 0;
  const watched2s = Math.round(plays * (0.2 + 0.35 * random()));
  const p25 = Math.round(plays * (0.12 + 0.3 * random()));
  const p50 = Math.round(p25 * (0.35 + 0.3 * random()));
  const p75 = Math.round(p50 * (0.5 + 0.3 * random()));
  return {
    spend: Math.round((impressions / 1000) * costPerMille * 100) / 100,
    impressions,
    clicks,
    reach: isTrickle ? 0 : Math.round(impressions * (0.55 + 0.35 * random())),
    plays,
    watched2s,
    watched6s: Math.round(watched2s * (0.2 + 0.3 * random())),
    p25,
    p50,
    p75,
    p100: Math.round(p75 * (0.4 + 0.4 * random())),
    averagePlay: ad.hasVideo ? 1 + Math.round(random() * 900) / 100 : 0,
  };
}

import { type Day, dayNumber, month } from './day.ts';
import { createRandom } from './random.ts';

export interface Advertiser {
  readonly id: string;
  readonly index: number;
  readonly name: string;
  readonly company: string;
  readonly currency: string;
  readonly country: string;
  readonly language: string;
  readonly created: Day;
  readonly campaigns: readonly Campaign[];
  readonly adgroups: readonly AdGroup[];
  readonly ads: readonly Ad[];
}

export interface Campaign {
  readonly id: string;
  readonly name: string;
  readonly objective: string;
  readonly rhythm: Rhythm;
  readonly budget: number;
  readonly first: Day;
  /** Undefined while it goes on. */
  readonly last: Day | undefined;
  readonly isDeleted: boolean;
}

/** Always on; six weeks on and three off; in season (May, June, November, December); once, for a time. */
export type Rhythm = 'always' | 'flights' | 'season' | 'once';

export interface AdGroup {
  readonly id: string;
  readonly name: string;
  readonly campaign: Campaign;
  readonly isAutomatic: boolean;
  readonly placements: readonly string[];
  readonly languages: readonly string[];
  readonly isDeleted: boolean;
}

export interface Ad {
  readonly id: string;
  readonly index: number;
  readonly name: string;
  readonly text: string;
  readonly callToAction: string;
  /** "" where the vendor names none. */
  readonly format: string;
  readonly creativeType: string | null;
  readonly hasVideo: boolean;
  readonly adgroup: AdGroup;
  readonly campaign: Campaign;
  readonly isDeleted: boolean;
  /** Impressions on an ordinary day. */
  readonly usual: number;
}

export interface WorldShape {
  readonly campaigns: number;
  readonly adgroupsPerCampaign: number;
  readonly adsPerAdgroup: number;
}

export const shapes: Readonly<Record<'small' | 'full', WorldShape>> = {
  small: { campaigns: 3, adgroupsPerCampaign: 1, adsPerAdgroup: 2 },
  full: { campaigns: 25, adgroupsPerCampaign: 2, adsPerAdgroup: 4 },
};

/** An advertiser, what its ad groups target, and what its ads say. */
interface Profile extends Pick<Advertiser, 'id' | 'name' | 'company' | 'currency' | 'country' | 'language'> {
  readonly targets: readonly (readonly string[])[];
  readonly texts: readonly string[];
}

const profiles: readonly Profile[] = [
  {
    id: '7000000000000000001',
    name: 'Empower DE',
    company: 'Empower GmbH',
    currency: 'EUR',
    country: 'DE',
    language: 'de',
    targets: [['de'], ['en', 'de'], []],
    texts: [
      'Jetzt 20 % sparen – nur bis Sonntag',
      'Größer denken: "Empower" macht’s möglich',
      'Zeile eins\nZeile zwei 🚀',
    ],
  },
  {
    id: '7000000000000000002',
    name: 'Empower US',
    company: 'Empower Inc.',
    currency: 'USD',
    country: 'US',
    language: 'en',
    targets: [['en'], ['en', 'es'], []],
    texts: ['Save 20%, this week only', 'Think big; "Empower" gets you there', 'Swipe up 👆\tand see'],
  },
];

const epoch = dayNumber('2025-01-06');
const rhythms: readonly Rhythm[] = ['always', 'flights', 'once', 'season', 'flights'];
const objectives = ['TRAFFIC', 'WEB_CONVERSIONS', 'VIDEO_VIEWS', 'REACH', 'APP_PROMOTION'] as const;
const callsToAction = ['LEARN_MORE', 'SHOP_NOW', 'DOWNLOAD_NOW', '', 'SIGN_UP'] as const;
const placements = [
  ['PLACEMENT_TIKTOK'],
  ['PLACEMENT_TIKTOK', 'PLACEMENT_PANGLE'],
  ['PLACEMENT_TIKTOK', 'PLACEMENT_PANGLE', 'PLACEMENT_GLOBAL_APP_BUNDLE'],
] as const;
const formats = [
  { format: 'SINGLE_VIDEO', creativeType: null, hasVideo: true },
  { format: 'SINGLE_VIDEO', creativeType: 'CUSTOM_INSTANT_PAGE', hasVideo: true },
  { format: '', creativeType: 'CATALOG_VIDEO', hasVideo: true },
  { format: 'CAROUSEL_ADS', creativeType: null, hasVideo: false },
  { format: '', creativeType: null, hasVideo: true },
] as const;

/** Two advertisers with their campaigns; the calendar is absolute, so the past stays what it was from day to day. */
export function createWorld(seed: number, shape: WorldShape): readonly Advertiser[] {
  return profiles.map((_, index) => createAdvertiser(seed, index, shape));
}

function createAdvertiser(seed: number, index: number, shape: WorldShape): Advertiser {
  const { id, name, company, currency, country, language } = at(profiles, index);
  const campaigns = Array.from({ length: shape.campaigns }, (_, c) => createCampaign(seed, index, c, shape));
  const adgroups = campaigns.flatMap((campaign, c) =>
    Array.from({ length: shape.adgroupsPerCampaign }, (_, g) =>
      createAdGroup(index, campaign, c * shape.adgroupsPerCampaign + g),
    ),
  );
  const ads = adgroups.flatMap((adgroup, g) =>
    Array.from({ length: shape.adsPerAdgroup }, (_, a) =>
      createAd(seed, index, adgroup, g * shape.adsPerAdgroup + a),
    ),
  );
  return {
    id,
    index,
    name,
    company,
    currency,
    country,
    language,
    created: epoch - 90,
    campaigns,
    adgroups,
    ads,
  };
}

function createCampaign(seed: number, owner: number, c: number, shape: WorldShape): Campaign {
  const random = createRandom(seed, owner, 1, c);
  const rhythm = at(rhythms, c);
  const first = epoch + owner * 11 + Math.floor((c / shape.campaigns) * 540);
  const last = rhythm === 'once' ? first + 45 + Math.floor(random() * 75) : undefined;
  return {
    id: vendorId(owner, 1, c),
    name: `${at(profiles, owner).country} | ${at(objectives, c)} | ${rhythm} ${c + 1}`,
    objective: at(objectives, c),
    rhythm,
    budget: 50 + Math.floor(random() * 40) * 12.5,
    first,
    last,
    isDeleted: rhythm === 'once' && (c + owner) % 2 === 0,
  };
}

function createAdGroup(owner: number, campaign: Campaign, g: number): AdGroup {
  return {
    id: vendorId(owner, 2, g),
    name: `Ad group ${g + 1}`,
    campaign,
    isAutomatic: g % 3 === 2,
    placements: at(placements, g),
    languages: at(at(profiles, owner).targets, g),
    isDeleted: campaign.isDeleted,
  };
}

function createAd(seed: number, owner: number, adgroup: AdGroup, a: number): Ad {
  const random = createRandom(seed, owner, 3, a);
  return {
    id: vendorId(owner, 3, a),
    index: a,
    name: `Ad ${a + 1}`,
    text: at(at(profiles, owner).texts, a),
    callToAction: at(callsToAction, a),
    ...at(formats, a),
    adgroup,
    campaign: adgroup.campaign,
    isDeleted: adgroup.isDeleted || a % 7 === 1,
    usual: Math.round(400 * 60 ** random()),
  };
}

/** Neighbours differ in the last digit, beyond what a double can hold: read as numbers they would all be the same. */
function vendorId(owner: number, kind: number, index: number): string {
  return String(1_790_000_000_000_000_001n + BigInt(owner * 10_000_000_000 + kind * 100_000_000 + index));
}

/** The list's element, counting round and round. */
function at<T>(list: readonly T[], index: number): T {
  const element = list[index % list.length];
  if (element === undefined) throw new RangeError('an empty list has no elements');
  return element;
}

/** Whether a campaign shows its ads on a day. */
export function isRunning({ first, last, rhythm }: Campaign, day: Day): boolean {
  if (day < first || day > (last ?? day)) return false;
  if (rhythm === 'flights') return (day - first) % 63 < 42;
  if (rhythm === 'season') return [4, 5, 10, 11].includes(month(day));
  return true;
}

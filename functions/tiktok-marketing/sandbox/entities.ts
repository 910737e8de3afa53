import { bareId, type Page, pageOf, VendorError } from './answer.ts';
import { type Day, dayText } from './day.ts';
import { isTexts, type Params } from './params.ts';
import type { Ad, AdGroup, Advertiser, Campaign } from './world.ts';

export type VendorObject = Readonly<Record<string, unknown>>;

/** `GET campaign/get/` */
export function listCampaigns(params: Params, owner: Advertiser, today: Day): Page<VendorObject> {
  const isWanted = filterOf(params);
  const list = owner.campaigns.filter(
    ({ id, first, isDeleted }) => first <= today && isWanted(isDeleted, { campaign_ids: id }),
  );
  return pageOf(list, params.page(), pick(params, campaignFields(owner, today)));
}

/** `GET adgroup/get/` */
export function listAdGroups(params: Params, owner: Advertiser, today: Day): Page<VendorObject> {
  const isWanted = filterOf(params);
  const list = owner.adgroups.filter(
    ({ id, campaign, isDeleted }) =>
      campaign.first <= today && isWanted(isDeleted, { adgroup_ids: id, campaign_ids: campaign.id }),
  );
  return pageOf(list, params.page(), pick(params, adgroupFields(owner, today)));
}

/** `GET ad/get/` */
export function listAds(params: Params, owner: Advertiser, today: Day): Page<VendorObject> {
  const isWanted = filterOf(params);
  const list = owner.ads.filter(
    ({ id, adgroup, campaign, isDeleted }) =>
      campaign.first <= today &&
      isWanted(isDeleted, { ad_ids: id, adgroup_ids: adgroup.id, campaign_ids: campaign.id }),
  );
  return pageOf(list, params.page(), pick(params, adFields(owner, today)));
}

/** `GET advertiser/info/`, which has no pages. */
export function listAdvertisers(params: Params, known: readonly Advertiser[]): { list: VendorObject[] } {
  params.required('advertiser_ids');
  const ids = params.texts('advertiser_ids') ?? [];
  if (ids.length > 100) throw new VendorError(40011, 'advertiser_ids: At most 100 ids.');
  const shape = pick(params, advertiserFields);
  return {
    list: ids.map((id) => {
      const advertiser = known.find((candidate) => candidate.id === id);
      if (advertiser === undefined) throw unknownAdvertiser(id);
      return shape(advertiser);
    }),
  };
}

export function unknownAdvertiser(id: string): VendorError {
  return new VendorError(
    40001,
    `No permission to operate advertiser ${id}, or the advertiser doesn't exist or has been deleted.`,
  );
}

type IsWanted = (isDeleted: boolean, ids: Readonly<Record<string, string>>) => boolean;

/** Deleted objects are left out unless asked for. */
function filterOf(params: Params): IsWanted {
  const filtering = params.json('filtering') ?? {};
  if (typeof filtering !== 'object' || filtering === null || Array.isArray(filtering))
    throw new VendorError(40002, 'filtering: Not a valid object.');
  const { primary_status = 'STATUS_NOT_DELETE', ...lists } = filtering as VendorObject;
  if (!['STATUS_ALL', 'STATUS_NOT_DELETE', 'STATUS_DELETE'].includes(String(primary_status)))
    throw new VendorError(40002, `filtering: "${String(primary_status)}" is not a supported primary_status.`);
  const wanted = Object.entries(lists).map(([name, ids]) => {
    if (!['campaign_ids', 'adgroup_ids', 'ad_ids'].includes(name) || !isTexts(ids))
      throw new VendorError(40002, `filtering: "${name}" is not a supported filter.`);
    if (ids.length > 100) throw new VendorError(40011, `filtering: At most 100 ids in ${name}.`);
    return [name, new Set(ids)] as const;
  });
  return (isDeleted, ids) =>
    (primary_status === 'STATUS_ALL' || isDeleted === (primary_status === 'STATUS_DELETE')) &&
    wanted.every(([name, set]) => set.has(ids[name] ?? ''));
}

type Fields<T> = Readonly<Record<string, (item: T) => unknown>>;

function pick<T>(params: Params, fields: Fields<T>): (item: T) => VendorObject {
  const names = params.texts('fields') ?? Object.keys(fields);
  const unknown = names.find((name) => !(name in fields));
  if (unknown !== undefined) throw new VendorError(40002, `fields: "${unknown}" is not a supported field.`);
  return (item) => Object.fromEntries(names.map((name) => [name, fields[name]?.(item)]));
}

function campaignFields({ id: advertiserId }: Advertiser, today: Day): Fields<Campaign> {
  return {
    advertiser_id: () => advertiserId,
    campaign_id: ({ id }) => id,
    campaign_name: ({ name }) => name,
    campaign_type: () => 'REGULAR_CAMPAIGN',
    objective_type: ({ objective }) => objective,
    operation_status: (campaign) => (isOver(campaign, today) ? 'DISABLE' : 'ENABLE'),
    secondary_status: (campaign) => status('CAMPAIGN', campaign.isDeleted, isOver(campaign, today)),
    budget: ({ budget }) => budget,
    budget_mode: () => 'BUDGET_MODE_DAY',
    is_smart_performance_campaign: () => false,
    create_time: ({ first }) => moment(first - 2),
    modify_time: ({ first }) => moment(first + 1),
  };
}

function adgroupFields({ id: advertiserId, currency }: Advertiser, today: Day): Fields<AdGroup> {
  return {
    advertiser_id: () => advertiserId,
    campaign_id: ({ campaign }) => campaign.id,
    campaign_name: ({ campaign }) => campaign.name,
    adgroup_id: ({ id }) => id,
    adgroup_name: ({ name }) => name,
    operation_status: ({ campaign }) => (isOver(campaign, today) ? 'DISABLE' : 'ENABLE'),
    secondary_status: ({ campaign, isDeleted }) => status('ADGROUP', isDeleted, isOver(campaign, today)),
    placement_type: ({ isAutomatic }) => (isAutomatic ? 'PLACEMENT_TYPE_AUTOMATIC' : 'PLACEMENT_TYPE_NORMAL'),
    placements: ({ placements }) => placements,
    promotion_type: () => 'WEBSITE',
    optimization_goal: () => 'CLICK',
    billing_event: () => 'CPC',
    bid_type: () => 'BID_TYPE_CUSTOM',
    bid_price: () => (currency === 'EUR' ? 0.45 : 0.6),
    budget: ({ campaign }) => campaign.budget,
    budget_mode: () => 'BUDGET_MODE_DAY',
    languages: ({ languages }) => languages,
    location_ids: () => (currency === 'EUR' ? ['2921044'] : ['6252001']),
    gender: () => 'GENDER_UNLIMITED',
    age_groups: () => ['AGE_25_34', 'AGE_35_44'],
    schedule_start_time: ({ campaign }) => moment(campaign.first),
    schedule_end_time: ({ campaign }) => moment(campaign.last ?? campaign.first + 3650),
    create_time: ({ campaign }) => moment(campaign.first - 2),
    modify_time: ({ campaign }) => moment(campaign.first),
  };
}

function adFields({ id: advertiserId, name: advertiser }: Advertiser, today: Day): Fields<Ad> {
  return {
    advertiser_id: () => advertiserId,
    campaign_id: ({ campaign }) => campaign.id,
    campaign_name: ({ campaign }) => campaign.name,
    adgroup_id: ({ adgroup }) => adgroup.id,
    adgroup_name: ({ adgroup }) => adgroup.name,
    ad_id: ({ id, index }) => (index % 4 === 3 ? bareId(id) : id),
    ad_name: ({ name }) => name,
    ad_text: ({ text }) => text,
    ad_format: ({ format }) => format,
    creative_type: ({ creativeType }) => creativeType,
    call_to_action: ({ callToAction }) => callToAction,
    landing_page_url: ({ index }) => `https://example.com/landing?ad=${index}`,
    display_name: () => advertiser,
    video_id: ({ hasVideo, index }) => (hasVideo ? `v10033g50000c${index}` : null),
    operation_status: ({ campaign }) => (isOver(campaign, today) ? 'DISABLE' : 'ENABLE'),
    secondary_status: ({ campaign, isDeleted }) => status('AD', isDeleted, isOver(campaign, today)),
    create_time: ({ campaign }) => moment(campaign.first - 1),
    // Smart+ ads may lack it.
    modify_time: ({ campaign, index }) => (index % 5 === 4 ? null : moment(campaign.first)),
  };
}

const advertiserFields: Fields<Advertiser> = {
  advertiser_id: ({ id }) => id,
  name: ({ name }) => name,
  company: ({ company }) => company,
  status: () => 'STATUS_ENABLE',
  currency: ({ currency }) => currency,
  timezone: () => 'Etc/UTC',
  display_timezone: () => 'Etc/UTC',
  country: ({ country }) => country,
  language: ({ language }) => language,
  industry: () => '291905',
  balance: ({ index }) => 1234.56 + index,
  /** Epoch seconds, here alone. */
  create_time: ({ created }) => created * 86_400,
};

function isOver({ last }: Campaign, today: Day): boolean {
  return last !== undefined && last < today;
}

function status(kind: 'CAMPAIGN' | 'ADGROUP' | 'AD', isDeleted: boolean, isOver: boolean): string {
  if (isDeleted) return `${kind}_STATUS_DELETE`;
  if (isOver) return `${kind}_STATUS_DISABLE`;
  return `${kind}_STATUS_${kind === 'CAMPAIGN' ? 'ENABLE' : 'DELIVERY_OK'}`;
}

function moment(day: Day): string {
  return `${dayText(day)} 09:30:00`;
}

import { fatal } from '../core/errors.ts';
import type { Log, Row } from '../core/extract.ts';
import type { Http } from '../core/http/http.ts';
import { cell, idText, utcTime, type VendorRecord } from './cells.ts';
import { readPages } from './pages.ts';

/** One advertiser's way to the API. */
export interface AccountReader {
  readonly http: Http;
  readonly log: Log;
  readonly advertiserId: string;
}

/** Lists of an advertiser's objects, by table. */
export const entities = {
  campaigns: {
    path: 'campaign/get/',
    id: 'campaign_id',
    fields: [
      'advertiser_id',
      'campaign_id',
      'campaign_name',
      'campaign_type',
      'objective_type',
      'operation_status',
      'secondary_status',
      'budget',
      'budget_mode',
      'create_time',
      'modify_time',
    ],
  },
  adgroups: {
    path: 'adgroup/get/',
    id: 'adgroup_id',
    fields: [
      'advertiser_id',
      'campaign_id',
      'adgroup_id',
      'adgroup_name',
      'operation_status',
      'secondary_status',
      'placement_type',
      'placements',
      'promotion_type',
      'optimization_goal',
      'billing_event',
      'bid_type',
      'bid_price',
      'budget',
      'budget_mode',
      'languages',
      'location_ids',
      'gender',
      'age_groups',
      'schedule_start_time',
      'schedule_end_time',
      'create_time',
      'modify_time',
    ],
  },
  ads: {
    path: 'ad/get/',
    id: 'ad_id',
    fields: [
      'advertiser_id',
      'campaign_id',
      'adgroup_id',
      'ad_id',
      'ad_name',
      'ad_text',
      'ad_format',
      'creative_type',
      'call_to_action',
      'landing_page_url',
      'display_name',
      'video_id',
      'operation_status',
      'secondary_status',
      'create_time',
      'modify_time',
    ],
  },
} as const;

export type Entity = keyof typeof entities;

const advertiserFields = [
  'advertiser_id',
  'name',
  'company',
  'status',
  'currency',
  'timezone',
  'display_timezone',
  'country',
  'language',
  'industry',
  'balance',
  'create_time',
];

/**
 * All objects of one kind, deleted ones too: the vendor leaves those out unless asked for them alone.
 *
 * @returns how many there are
 */
export async function* readEntities(
  { http, log, advertiserId }: AccountReader,
  entity: Entity,
  fields: readonly string[] = entities[entity].fields,
): AsyncGenerator<readonly VendorRecord[], number, undefined> {
  const { path, id } = entities[entity];
  const pass = (filtering: string | undefined) => {
    const seen = new Set<string>();
    return readPages({
      http,
      log,
      advertiserId,
      path,
      query: { fields: JSON.stringify(fields), filtering },
      isNew: (record) => seen.size < seen.add(String(record[id])).size,
    });
  };
  const living = yield* pass(undefined);
  const deleted = yield* pass(JSON.stringify({ primary_status: 'STATUS_DELETE' }));
  return living + deleted;
}

/** @throws fatal `bad-input` when the token does not reach the advertiser */
export async function readAdvertiser({ http, advertiserId }: AccountReader): Promise<VendorRecord> {
  const body = (await http.get('advertiser/info/', {
    query: {
      advertiser_ids: JSON.stringify([advertiserId]),
      fields: JSON.stringify(advertiserFields),
    },
    account: advertiserId,
  })) as { readonly data?: { readonly list?: readonly VendorRecord[] } };
  const advertiser = body.data?.list?.find((record) => idText(record.advertiser_id) === advertiserId);
  if (advertiser !== undefined) return advertiser;
  throw fatal('bad-input', {
    where: 'tiktok-marketing',
    what: 'TikTok does not know this advertiser, or the access token does not reach it',
    got: advertiserId,
    todo: 'check advertiserIds in the stack file, and that the advertiser has authorised the app',
  });
}

/** A vendor record as a row: ids as text, times in UTC, lists of texts, "" as NULL. Fields we did not ask for stay. */
export function entityRow(record: VendorRecord, advertiserId: string): Row {
  const row: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(record)) row[field] = entityCell(field, value);
  row.advertiser_id = advertiserId;
  return row;
}

function entityCell(field: string, value: unknown): unknown {
  if (field.endsWith('_id')) return idText(value);
  if (field.endsWith('_time')) return utcTime(value);
  if (field.endsWith('_ids') && Array.isArray(value)) return value.map(String);
  return cell(value);
}

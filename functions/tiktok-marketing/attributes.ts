import { cell, idText, type VendorRecord } from './cells.ts';
import { type AccountReader, readEntities } from './entities.ts';

/** What the report does not say about an ad. */
export interface AdAttributes {
  readonly format: unknown;
  readonly callToAction: unknown;
}

/** What the report does not say about an ad group. */
export interface AdGroupAttributes {
  readonly platform: string | undefined;
  readonly language: string | undefined;
}

export interface Attributes {
  readonly ads: ReadonlyMap<string, AdAttributes>;
  readonly adgroups: ReadonlyMap<string, AdGroupAttributes>;
}

const placementNames: Readonly<Record<string, string>> = {
  PLACEMENT_TIKTOK: 'TikTok',
  PLACEMENT_PANGLE: 'Pangle',
  PLACEMENT_GLOBAL_APP_BUNDLE: 'Global App Bundle',
  PLACEMENT_TOPBUZZ: 'TopBuzz',
};

/**
 * Attributes of all ads and ad groups of one advertiser, deleted ones included. Whole lists of 1,000 a page cost fewer
 * calls than asking for the ads of each report page, 100 at a time.
 */
export async function readAttributes(reader: AccountReader): Promise<Attributes> {
  const ads = new Map<string, AdAttributes>();
  for await (const page of readEntities(reader, 'ads', [
    'ad_id',
    'call_to_action',
    'ad_format',
    'creative_type',
  ])) {
    for (const ad of page) {
      const id = idText(ad.ad_id);
      if (id === undefined) continue;
      ads.set(id, {
        format: cell(ad.ad_format) ?? cell(ad.creative_type),
        callToAction: cell(ad.call_to_action),
      });
    }
  }
  const adgroups = new Map<string, AdGroupAttributes>();
  for await (const page of readEntities(reader, 'adgroups', ['adgroup_id', 'placements', 'languages'])) {
    for (const adgroup of page) {
      const id = idText(adgroup.adgroup_id);
      if (id !== undefined)
        adgroups.set(id, { platform: platformOf(adgroup), language: languageOf(adgroup) });
    }
  }
  return { ads, adgroups };
}

function platformOf({ placements }: VendorRecord): string | undefined {
  const names = texts(placements).map((placement) => placementNames[placement] ?? placement);
  return names.join(', ') || undefined;
}

/** An ad group that targets no language in particular reaches all of them: unknown, so NULL. */
function languageOf({ languages }: VendorRecord): string | undefined {
  return texts(languages).toSorted().join(', ') || undefined;
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.map(String) : [];
}

/** A record as the vendor sent it. */
export type VendorRecord = Readonly<Record<string, unknown>>;

/** TikTok writes "-", "" or null where it has no value; a missing number is NULL, never 0. */
export function cell(value: unknown): unknown {
  return value === '-' || value === '' || value === null ? undefined : value;
}

/** Ids beyond 2^53 come as text or as bare JSON numbers, which arrive as `bigint`. */
export function idText(value: unknown): string | undefined {
  const known = cell(value);
  return known === undefined ? undefined : String(known);
}

/** `2026-10-01 00:00:00` as the day it means. */
export function dayOf(value: unknown): string {
  return String(value).slice(0, 10);
}

const vendorTime = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/;

/** The vendor's two ways to write a moment, both UTC: `2026-10-01 12:00:00` and epoch seconds. Others pass as they are. */
export function utcTime(value: unknown): unknown {
  const known = cell(value);
  if (typeof known === 'number' && Number.isSafeInteger(known)) return new Date(known * 1000).toISOString();
  return typeof known === 'string' ? known.replace(vendorTime, '$1T$2Z') : known;
}

/**
 * BigQuery's on-demand price of a tebibyte that queries read, in USD, in its US multi-region; up to half as much again
 * elsewhere, and the first tebibyte of a month is free. https://cloud.google.com/bigquery/pricing#on_demand_pricing
 */
export const usdPerTebibyte = 6.25;

/** What a warehouse or a source that charges by bytes asks for them, in USD to the millionth: an estimate at the list price. */
export function costOf(bytesBilled: number): number {
  return Math.round((bytesBilled / 2 ** 40) * usdPerTebibyte * 1e6) / 1e6;
}

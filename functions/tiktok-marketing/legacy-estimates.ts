import type { VendorRecord } from './cells.ts';

/** The five columns that the predecessor computed instead of asking for them. */
export interface LegacyEstimates {
  readonly VIDEO_VIEWS_AT_25: number | undefined;
  readonly VIDEO_VIEWS_AT_50: number | undefined;
  readonly VIDEO_VIEWS_AT_75: number | undefined;
  readonly VIDEO_VIEWS_AT_100: number | undefined;
  readonly CPR: number | undefined;
}

/**
 * The predecessor's figures, wrong as they are, for people who must compare: 2-second and 6-second views stand for the
 * first two quartiles, three quarters of all plays and all plays for the last two, 0 becomes NULL, and CPR is spend per
 * single person reached, 1,000 times too small.
 */
export function legacyEstimates(metrics: VendorRecord): LegacyEstimates {
  const plays = wholeNumber(metrics.video_play_actions);
  const reach = wholeNumber(metrics.reach);
  return {
    VIDEO_VIEWS_AT_25: wholeNumber(metrics.video_watched_2s) || undefined,
    VIDEO_VIEWS_AT_50: wholeNumber(metrics.video_watched_6s) || undefined,
    VIDEO_VIEWS_AT_75: plays === 0 ? undefined : Math.trunc(plays * 0.75),
    VIDEO_VIEWS_AT_100: plays || undefined,
    CPR: reach > 0 ? roundTo6(anyNumber(metrics.spend) / reach) : undefined,
  };
}

/** Python's `int()`: text must be whole, numbers are cut; 0 for what is neither. */
function wholeNumber(value: unknown): number {
  if (typeof value === 'string') return /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : 0;
  return typeof value === 'number' ? Math.trunc(value) : 0;
}

function anyNumber(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : 0;
}

/**
 * Python's `round(x, 6)`, to the even neighbour when exactly halfway. A binary number lies halfway between two
 * millionths only if it is an odd multiple of 1/128.
 */
function roundTo6(value: number): number {
  if (Math.abs((value * 128) % 2) !== 1) return Number(value.toFixed(6));
  const below = Math.floor(value * 1e6);
  return (below % 2 === 0 ? below : below + 1) / 1e6;
}

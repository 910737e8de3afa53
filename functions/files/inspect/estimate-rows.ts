import type { StoredObject } from '../stores/store.ts';
import type { Head } from './read-head.ts';

/** Rows of the whole file, from those of its head. */
export function estimateRows(
  rows: number,
  { isWhole, stored }: Head,
  { bytes }: StoredObject,
): { readonly rows: number; readonly isEstimate: boolean } {
  if (isWhole || stored === 0) return { rows, isEstimate: false };
  return { rows: Math.round((rows * bytes) / stored), isEstimate: true };
}

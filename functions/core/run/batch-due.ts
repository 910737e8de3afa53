/** What waits to be committed, and what the commit before it cost. */
export interface Waiting {
  readonly changes: number;
  /** Since the first of them was read. */
  readonly ageMs: number;
  /** How long the last commit took, staging included; 0 before the first one. */
  readonly lastCommitMs: number;
}

/** Most changes of a batch: they are kept in memory. A single part of a large transaction may go beyond. */
const mostChanges = 10_000;

/** Changes are not kept from readers for longer. */
const mostMs = 2_000;

/** Fewer are worth no commit of their own before they are old: each leaves a record in the ledger. */
const fewChanges = 1_000;

/**
 * Whether a batch is to be committed at this position. Under load it is as soon as half of the time goes to commits: so
 * a warehouse that commits fast shows changes early, and one that commits slowly gets large batches.
 */
export function isBatchDue({ changes, ageMs, lastCommitMs }: Waiting): boolean {
  if (isBatchFull(changes) || ageMs >= mostMs) return true;
  return changes >= fewChanges && ageMs >= lastCommitMs;
}

/** Nothing more is read before such a batch is on its way. */
export function isBatchFull(changes: number): boolean {
  return changes >= mostChanges;
}

/** Whether so many changes came before they were old: then more of them will come while they are committed. */
export function isBusy(changes: number): boolean {
  return changes >= fewChanges;
}

import type { RunRecord } from '../ledger/ledger.ts';
import type { Outcome } from '../warehouses/warehouse.ts';
import type { Slice } from './slice.ts';

/** What a run tells while it works, after each side effect. Progress bars, logs and the crash tests listen to it. */
export type RunEvent =
  | { readonly type: 'lease-taken'; readonly fence: number }
  | { readonly type: 'run-started'; readonly run: RunRecord }
  | {
      readonly type: 'slices-planned';
      readonly slices: readonly Slice[];
      readonly skipped: readonly string[];
    }
  | { readonly type: 'slice-started'; readonly slice: Slice }
  | { readonly type: 'page-read'; readonly slice: Slice; readonly table: string; readonly rows: number }
  | { readonly type: 'rows-staged'; readonly slice: Slice; readonly table: string; readonly rows: number }
  | { readonly type: 'slice-committed'; readonly slice: Slice; readonly outcomes: readonly Outcome[] }
  | { readonly type: 'slice-failed'; readonly slice: Slice; readonly error: string }
  | { readonly type: 'run-finished'; readonly run: RunRecord }
  | { readonly type: 'lease-released' };

/** May return a promise; the run waits for it. */
export type OnRunEvent = (event: RunEvent) => void | Promise<void>;

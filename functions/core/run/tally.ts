import type { LogLag } from '../extract.ts';
import type { HttpStats } from '../http/http.ts';
import type { RunRecord, RunStatus } from '../ledger/ledger.ts';
import type { TableTarget } from '../pipeline.ts';
import type { Drift } from '../rows/check.ts';
import { patchOf } from '../rows/drift.ts';
import type { Outcome } from '../warehouses/warehouse.ts';
import { costOf } from './cost.ts';
import type { TableRead } from './read-slice.ts';
import type { RunSummary, TableSummary } from './request.ts';
import type { Slice } from './slice.ts';

type Counts = { -readonly [K in keyof TableSummary]: TableSummary[K] };

/** Counts what a run does, from its first slice to its last. */
export interface Tally {
  readonly failures: readonly { readonly sliceId: string; readonly error: string }[];
  readonly slicesDone: number;
  addCommit(reads: readonly TableRead[], outcomes: readonly Outcome[]): void;
  addFailure(slice: Pick<Slice, 'id'>, error: string): void;
  noteLag(lag: LogLag): void;
  record(base: RunRecord, status: RunStatus, http: HttpStats): RunRecord;
  summary(run: RunRecord, skipped: readonly string[]): RunSummary;
}

export function createTally(targets: readonly TableTarget[]): Tally {
  const tables = new Map<string, Counts>(targets.map((target) => [target.declared, emptyCounts(target)]));
  const failures: { sliceId: string; error: string }[] = [];
  const drift = new Map<string, RunSummary['drift'][number]>();
  let slicesDone = 0;
  let fileBytes = 0;
  let lag: LogLag | undefined;

  return {
    failures,
    get slicesDone() {
      return slicesDone;
    },
    addCommit(reads, outcomes) {
      slicesDone += 1;
      for (const read of reads) {
        const counts = tables.get(read.target.declared);
        const outcome = outcomes.find(({ table }) => table === read.target.declared);
        if (counts === undefined || outcome === undefined) continue;
        counts.slices += 1;
        counts.rowsRead += read.rowsRead;
        counts.quarantined += read.rejected;
        counts.inserted += outcome.inserted;
        counts.updated += outcome.updated;
        counts.unchanged += outcome.unchanged;
        counts.deleted += outcome.deleted;
        fileBytes += read.bytes;
        for (const field of read.drift) noteDrift(drift, read.target, field);
      }
    },
    addFailure(slice, error) {
      failures.push({ sliceId: slice.id, error });
    },
    noteLag(newest) {
      lag = newest;
    },
    record(base, status, http) {
      const all = [...tables.values()];
      const sum = (pick: (counts: Counts) => number) =>
        all.reduce((total, counts) => total + pick(counts), 0);
      return {
        ...base,
        status,
        slicesDone,
        slicesFailed: failures.length,
        rowsRead: sum((counts) => counts.rowsRead),
        rowsLoaded: sum((counts) => counts.inserted + counts.updated),
        rowsUnchanged: sum((counts) => counts.unchanged),
        rowsQuarantined: sum((counts) => counts.quarantined),
        bytes: http.bytes + fileBytes,
        apiCalls: http.calls,
        waitedMs: Math.round(http.waitedMs),
      };
    },
    summary: (run, skipped) => ({
      run,
      ...(run.bytesBilled === undefined ? {} : { costUsd: costOf(run.bytesBilled) }),
      tables: [...tables.values()],
      failures,
      lag,
      skipped,
      drift: [...drift.values()],
    }),
  };
}

function emptyCounts(target: TableTarget): Counts {
  return {
    table: `${target.dataset}.${target.name}`,
    slices: 0,
    rowsRead: 0,
    inserted: 0,
    updated: 0,
    unchanged: 0,
    deleted: 0,
    quarantined: 0,
  };
}

function noteDrift(known: Map<string, RunSummary['drift'][number]>, target: TableTarget, field: Drift): void {
  const key = `${target.declared}.${field.field}`;
  if (known.has(key)) return;
  known.set(key, { table: target.name, schema: target.schema, field: field.field, patch: patchOf(field) });
}

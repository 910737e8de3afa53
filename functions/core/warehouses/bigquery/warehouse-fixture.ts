import type { Row } from '../../extract.ts';
import type { Lease } from '../../ledger/ledger.ts';
import type { TableTarget } from '../../pipeline.ts';
import { createRowChecker } from '../../rows/check.ts';
import type { Column } from '../../schema.ts';
import type { Commit, Outcome, Stage, StagedTable, Warehouse } from '../warehouse.ts';
import { startEmulator } from './sandbox/server.ts';
import type { BigqueryOptions } from './settings.ts';
import { openBigquery } from './warehouse.ts';

export const now = new Date('2026-11-12T06:00:00Z');

export const columns: readonly Column[] = [
  { name: 'day', type: 'DATE', mode: 'REQUIRED' },
  { name: 'id', type: 'STRING', mode: 'NULLABLE' },
  { name: 'value', type: 'INTEGER', mode: 'NULLABLE' },
];

export const target: TableTarget = {
  declared: 'ads',
  name: 'ads',
  dataset: 'marts',
  schema: 'vendor/ads',
  columns,
  key: ['day', 'id'],
  writeMode: 'merge',
  windowField: 'day',
  cursor: { kind: 'window', lag: 1, lookback: 0, maxSpan: 10 },
};

/** An emulator with the dataset `marts`, and a way to open it; waits pass fifty times faster. */
export async function openFixture() {
  const emulator = await startEmulator({ project: 'acme', location: 'EU', datasets: ['marts'] });
  const waits: number[] = [];
  const open = (options: Partial<BigqueryOptions> = {}): Warehouse =>
    openBigquery({
      project: 'acme',
      location: 'EU',
      dataset: 'marts',
      bigqueryUrl: emulator.url,
      metadataUrl: emulator.url,
      storageUrl: emulator.url,
      now: () => now,
      sleep: async (ms) => {
        waits.push(ms);
        await new Promise((resolve) => setTimeout(resolve, ms / 50));
      },
      ...options,
    });
  return { emulator, open, waits };
}

export function takeLease(
  warehouse: Warehouse,
  options: { holder?: string; at?: Date } = {},
): Promise<Lease> {
  return warehouse.ledger.acquire({
    pipeline: 'p',
    group: 'g',
    lane: 'incremental',
    holder: options.holder ?? 'host/run-1',
    process: 'host',
    termMs: 600_000,
    now: options.at ?? now,
  });
}

type CommitOptions = Partial<Omit<Commit, 'tables'>> & {
  readonly target?: TableTarget;
  readonly sliceId?: string;
  readonly writeMode?: StagedTable['writeMode'];
  readonly truncate?: boolean;
};

/** Stages rows and commits them as one slice. */
export async function commitRows(
  warehouse: Warehouse,
  lease: Lease,
  rows: readonly Row[],
  options: CommitOptions = {},
): Promise<Outcome | undefined> {
  const table = options.target ?? target;
  const origin = options.origin ?? 'acc';
  const stage = await warehouse.openStage(table, origin);
  const { batch } = createRowChecker(table.columns, { origin }).check(rows);
  await stage.append(batch);
  try {
    return await commitStage(warehouse, lease, stage, options);
  } finally {
    await stage.discard();
  }
}

/** Commits one stage as one slice. */
export async function commitStage(
  warehouse: Warehouse,
  lease: Lease,
  stage: Stage,
  options: CommitOptions = {},
): Promise<Outcome | undefined> {
  const { target: table } = stage;
  const origin = options.origin ?? 'acc';
  const outcomes = await warehouse.commit({
    lease,
    tables: [{ stage, writeMode: options.writeMode ?? table.writeMode, truncate: options.truncate }],
    origin,
    slice: {
      pipeline: 'p',
      group: 'g',
      lane: 'incremental',
      sliceId: options.sliceId ?? 's1',
      table: table.declared,
      origin,
      window: options.window,
      status: 'committed',
      runId: `run-${lease.fence}`,
      rowsRead: stage.rows,
      rowsLoaded: 0,
      rowsQuarantined: 0,
      at: now,
    },
    quarantined: [],
    drift: [],
    now,
    ...options,
  });
  return outcomes[0];
}

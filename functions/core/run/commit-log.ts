import { allTables } from '../extract.ts';
import type { CursorRecord } from '../ledger/ledger.ts';
import type { TableTarget } from '../pipeline.ts';
import type { StagedTable } from '../warehouses/warehouse.ts';
import type { ActiveRun } from './active-run.ts';
import type { Fold } from './fold-changes.ts';
import { filledTables } from './held-tables.ts';
import type { LogState } from './log-stream.ts';
import { logOrigin, withTable } from './log-stream.ts';
import type { TableRead } from './read-slice.ts';
import { stageChanges } from './stage-changes.ts';
import type { Tally } from './tally.ts';

/** Where a log commits to. */
export interface LogWork {
  readonly run: ActiveRun;
  readonly log: LogState;
  readonly tally: Tally;
  /** Drops records of old commits, after each one. */
  readonly forget: () => Promise<void>;
}

/**
 * All tables' changes up to a position, and the position, in one commit.
 *
 * @param isUrgent see `Commit`
 */
export async function commitChanges(
  work: LogWork,
  folds: ReadonlyMap<string, Fold>,
  { position, isUrgent }: { readonly position: string; readonly isUrgent: boolean },
): Promise<void> {
  const { run, log } = work;
  const reads: TableRead[] = [];
  let { held } = log;
  const doubtful: TableTarget[] = [];
  const id = `log/${log.position ?? 'begin'}..${position}`;
  try {
    for (const [table, fold] of folds) {
      const target = log.targets.find(({ declared }) => declared === table);
      if (target === undefined || fold.changes === 0) continue;
      const { read, upserts } = await stageChanges(run.request.warehouse, target, fold);
      reads.push(read);
      if (upserts > 0) held = withTable(held, table, true);
      else if (fold.isTruncated || read.stage.rows > 0) {
        // Deletes alone may have emptied it: not known before somebody looks.
        held = withTable(held, table, false);
        if (!fold.isTruncated) doubtful.push(target);
      }
      const slice = { id, table, origin: logOrigin };
      await run.emit({ type: 'rows-staged', slice, table, rows: read.stage.rows });
    }
    const tables = reads.map(({ stage, target }) => ({
      stage,
      writeMode: 'changes' as const,
      truncate: folds.get(target.declared)?.isTruncated ?? false,
    }));
    await commit(work, { id, cursor: log.cursorAt(allTables, position, held), reads, tables, isUrgent });
  } finally {
    for (const { stage } of reads) await stage.discard();
  }
  for (const table of await filledTables(run.request.warehouse, doubtful)) log.hold(table, true);
}

/** A table as it was at a position, in place of what the warehouse has of it. */
export async function commitSnapshot(work: LogWork, read: TableRead, position: string): Promise<void> {
  const { log } = work;
  const table = read.target.declared;
  const rows = read.stage.rows;
  try {
    // A new copy may be empty, and the cursor of the stream is not saved with it.
    if (rows === 0 && log.position !== undefined && log.held.has(table)) {
      log.hold(table, false);
      await commitPosition(work, log.position);
    }
    await commit(work, {
      id: `${table}/${logOrigin}/snapshot ${position}`,
      cursor: log.cursorAt(table, position),
      reads: [read],
      tables: [{ stage: read.stage, writeMode: 'replace' }],
    });
    log.hold(table, rows > 0);
  } finally {
    await read.stage.discard();
  }
}

/** A position of an idle log: nothing but the cursor moves. */
export async function commitPosition({ run, log }: LogWork, position: string): Promise<void> {
  const cursor = log.cursorAt(allTables, position);
  await run.request.warehouse.ledger.saveCursor(run.lease, cursor);
  log.committed(cursor);
  run.request.log?.debug({ position }, 'the position is saved');
}

interface LogCommit {
  readonly id: string;
  /** Moves with the data: the stream's, or that of the table's snapshot. */
  readonly cursor: CursorRecord;
  readonly reads: readonly TableRead[];
  readonly tables: readonly StagedTable[];
  readonly isUrgent?: boolean;
}

async function commit({ run, log, tally }: LogWork, made: LogCommit): Promise<void> {
  const { request, setup, lease, runId, emit } = run;
  const { id, cursor, reads, tables, isUrgent } = made;
  const { table } = cursor;
  const { pipeline, group, lane } = lease;
  const sum = (pick: (read: TableRead) => number) => reads.reduce((total, read) => total + pick(read), 0);
  const outcomes = await request.warehouse.commit({
    lease,
    tables,
    origin: logOrigin,
    slice: {
      ...{ pipeline, group, lane, sliceId: id, table, origin: logOrigin, runId, status: 'committed' },
      rowsRead: sum((read) => read.rowsRead),
      rowsLoaded: sum((read) => read.stage.rows),
      rowsQuarantined: sum((read) => read.rejected),
      at: setup.now(),
    },
    cursor,
    quarantined: reads.flatMap(({ target, quarantined }) =>
      quarantined.map((row) => ({ table: target.declared, row })),
    ),
    drift: reads.flatMap(({ target, drift }) => drift.map((field) => ({ table: target.declared, field }))),
    now: setup.now(),
    isUrgent,
  });
  log.committed(cursor);
  tally.addCommit(reads, outcomes);
  await emit({ type: 'slice-committed', slice: { id, table, origin: logOrigin }, outcomes });
}

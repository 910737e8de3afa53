import { fatal } from '../errors.ts';
import type { Batch } from '../extract.ts';
import { allTables } from '../extract.ts';
import { isBatchDue, isBatchFull, isBusy } from './batch-due.ts';
import type { LogWork } from './commit-log.ts';
import { commitChanges, commitPosition, commitSnapshot } from './commit-log.ts';
import type { Fold } from './fold-changes.ts';
import { createFold } from './fold-changes.ts';
import type { TableReader } from './read-slice.ts';
import { checkComplete, openReader } from './read-slice.ts';

/** What was read of a log and is not committed yet. While one batch is committed, the next one is read. */
export interface PendingBatch {
  take(batch: Batch): Promise<void>;
  /**
   * Commits at this position if there is enough.
   *
   * @param isNow commit whatever there is, and wait for it
   * @throws what an earlier commit failed with
   */
  reach(at: PositionBatch, isNow: boolean): Promise<void>;
  /** Waits for the commit under way. @throws what it failed with */
  settle(): Promise<void>;
  /** Drops what is not on its way, and waits for what is: nothing of this batch happens after it. */
  end(): Promise<void>;
}

type PositionBatch = Extract<Batch, { position: string }>;

/** A position without changes is saved at most so often. */
const idlePositionMs = 2_000;

export function createPendingBatch(work: LogWork): PendingBatch {
  const { run, log, tally } = work;
  const { request, setup, emit } = run;
  const readers = new Map<string, TableReader>();
  let folds = new Map<string, Fold>();
  let changes = 0;
  let since = 0;
  let savedAt = 0;
  let lastCommitMs = 0;
  let wasCurrent = false;
  let commit: { isDone: boolean; readonly end: Promise<void> } | undefined;

  const targetOf = (table: string) => {
    const target = log.targets.find(({ declared }) => declared === table);
    if (target !== undefined) return target;
    const allowed = log.targets.map(({ declared }) => declared);
    throw fatal('internal', {
      where: setup.where,
      what: 'extract yielded a table that is not part of this log',
      got: table,
      allowed,
    });
  };

  const commitBatch = async (
    batch: typeof folds,
    count: number,
    { at: { position, lag }, isUrgent }: { readonly at: PositionBatch; readonly isUrgent: boolean },
  ) => {
    const began = performance.now();
    await commitChanges(work, batch, { position, isUrgent });
    lastCommitMs = performance.now() - began;
    savedAt = setup.now().getTime();
    request.log?.info({ position, changes: count, lag }, 'changes are committed');
    if (lag !== undefined) tally.noteLag(lag);
    await work.forget();
  };

  /** Hands over what was read; the commit before it is over. */
  const startCommit = (at: PositionBatch, isForced: boolean) => {
    // Before it has caught up, and at its end, nobody waits for the next commit.
    const isUrgent = !isForced && wasCurrent && isBusy(changes);
    const started = { isDone: false, end: commitBatch(folds, changes, { at, isUrgent }) };
    const note = () => {
      started.isDone = true;
    };
    // Whoever waits for it next gets the error.
    started.end.then(note, note);
    commit = started;
    folds = new Map();
    changes = 0;
  };

  const settle = async () => {
    const before = commit;
    commit = undefined;
    await before?.end;
  };

  const savePosition = async ({ position, lag }: PositionBatch, isNow: boolean) => {
    if (position !== log.position || (isNow && log.isHeldUnsaved)) {
      const isFresh = log.position !== undefined && setup.now().getTime() - savedAt < idlePositionMs;
      if (isFresh && !isNow) return;
      await commitPosition(work, position);
      savedAt = setup.now().getTime();
    }
    if (lag !== undefined) tally.noteLag(lag);
  };

  const takeChanges = (batch: Extract<Batch, { changes: unknown }>) => {
    let fold = folds.get(batch.table);
    if (fold === undefined) {
      const target = targetOf(batch.table);
      fold = createFold(target.columns, target.key);
      folds.set(batch.table, fold);
    }
    if (changes === 0) since = setup.now().getTime();
    changes += batch.changes.length + (batch.truncate === true ? 1 : 0);
    if (batch.truncate === true) fold.truncate();
    for (const change of batch.changes) fold.add(change);
  };

  return {
    async take(batch) {
      if ('changes' in batch) return takeChanges(batch);
      if ('position' in batch) {
        const reader = readers.get(batch.table);
        if (batch.table === allTables || reader === undefined) return;
        const read = reader.result();
        checkComplete({ where: setup.where, slice: { ...log.slice(), id: `${batch.table}/snapshot` } }, read);
        await commitSnapshot(work, read, batch.position);
        readers.delete(batch.table);
        return;
      }
      const slice = { id: `${batch.table}/snapshot`, table: batch.table, origin: '-' };
      let reader = readers.get(batch.table);
      if (reader === undefined) {
        const { warehouse } = request;
        reader = await openReader({ slice, warehouse, onEvent: emit }, targetOf(batch.table));
        readers.set(batch.table, reader);
      }
      const rows = await reader.take(batch);
      await emit({ type: 'rows-staged', slice, table: batch.table, rows });
    },
    async reach(at, isNow) {
      if (at.isCurrent === true) wasCurrent = true;
      const isForced = isNow || at.isLast === true;
      if (commit?.isDone === true || isForced || isBatchFull(changes)) await settle();
      // The end of the commit under way will be asked for at one of the next positions, which come every moment.
      if (commit !== undefined) return;
      if (changes === 0) return savePosition(at, isForced);
      const ageMs = setup.now().getTime() - since;
      if (!isForced && !isBatchDue({ changes, ageMs, lastCommitMs })) return;
      startCommit(at, isForced);
      if (!isForced) return;
      await settle();
      await savePosition(at, true);
    },
    settle,
    async end() {
      await settle().catch(() => undefined);
      for (const reader of readers.values()) await reader.result().stage.discard();
    },
  };
}

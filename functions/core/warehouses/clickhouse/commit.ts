import type { Commit, Outcome } from '../warehouse.ts';
import type { Clickhouse } from './client.ts';
import { canTakeStage, makeTable, takeStage } from './commit-table.ts';
import { checkFence } from './lease.ts';
import { names, tableRef } from './names.ts';
import type { Plan, PlannedTable } from './plan.ts';
import { carryOut, savePlan } from './plan.ts';
import { laneParams } from './records.ts';
import type { ClickhouseStage } from './stage.ts';
import { dropTable } from './stage.ts';
import { noCounts } from './write-modes.ts';

/**
 * ClickHouse has no transaction over several tables, so a commit is three steps, of which the second is one row:
 *
 * 1. For each table one table of the commit is made, with all that the slice does to it, or the stage is taken for it
 *    where it has just that. Nobody reads it.
 * 2. The fence is checked, and the plan is written down. From here on the commit is decided.
 * 3. The plan is carried out: tables, slice record, cursor. Whoever dies here leaves it to the next holder of the lease,
 *    who finishes it before anything else; the steps may be done twice.
 *
 * A holder that stalls between 2 and 3 beyond its term finds the tables of its commit renamed or dropped.
 */
export async function commitSlice(clickhouse: Clickhouse, commit: Commit): Promise<readonly Outcome[]> {
  const { lease, tables } = commit;
  for (const { stage } of tables) await (stage as ClickhouseStage).settle();
  const { isDone, quarantinedBefore, takenTables } = await lookUp(clickhouse, commit);
  const outcomes: Outcome[] = [];
  const planned: PlannedTable[] = [];
  const taken: ClickhouseStage[] = [];
  let isFenceFresh = true;
  try {
    for (const [index, staged] of tables.entries()) {
      const { target, rows } = staged.stage;
      if (isDone && staged.writeMode === 'append') {
        outcomes.push({ table: target.declared, ...noCounts, unchanged: rows });
        continue;
      }
      let made = takenTables[index];
      if (made === undefined) {
        made = await makeTable(clickhouse, commit, staged);
        isFenceFresh = false;
      } else taken.push(staged.stage as ClickhouseStage);
      planned.push(made.planned);
      outcomes.push({ table: target.declared, ...made.counts });
    }
    if (quarantinedBefore > 0 || commit.quarantined.length > 0 || commit.drift.length > 0) {
      await saveQuarantine(clickhouse, commit, quarantinedBefore);
      await saveDrift(clickhouse, commit);
      isFenceFresh = false;
    }
    if (!isFenceFresh) await checkFence(clickhouse, lease);
  } catch (error) {
    const own = taken.map(({ name }) => name);
    for (const { from } of planned.filter((table) => !own.includes(table.from)))
      await dropTable(clickhouse, tableRef(clickhouse.staging, from)).catch(() => undefined);
    throw error;
  }
  const plan = planOf(commit, { planned, outcomes, isDone });
  // A plan whose answer is lost may be decided, so it needs its tables even when this fails.
  for (const stage of taken) stage.handOver();
  await savePlan(clickhouse, plan);
  await carryOut(clickhouse, plan, true);
  return outcomes;
}

/** All that a commit asks before it does anything, at once. @throws retryable `lease-lost`, whatever else is wrong */
async function lookUp(clickhouse: Clickhouse, commit: Commit) {
  const { lease, tables } = commit;
  const answers = Promise.all([
    isAppended(clickhouse, commit),
    countQuarantined(clickhouse, commit),
    Promise.all(
      tables.map((staged) => (canTakeStage(staged, lease) ? takeStage(clickhouse, staged) : undefined)),
    ),
  ]);
  // The newer holder drops stages, so that they are gone is not the error to tell.
  answers.catch(() => undefined);
  await checkFence(clickhouse, lease);
  const [isDone, quarantinedBefore, takenTables] = await answers;
  return { isDone, quarantinedBefore, takenTables };
}

function planOf(
  { lease, slice, cursor, tables }: Commit,
  made: {
    readonly planned: readonly PlannedTable[];
    readonly outcomes: readonly Outcome[];
    readonly isDone: boolean;
  },
): Plan {
  const rowsLoaded = made.outcomes.reduce((rows, { inserted, updated }) => rows + inserted + updated, 0);
  // A slice that was appended before keeps its record, which says what it loaded.
  const keepsRecord = made.isDone && tables.every(({ writeMode }) => writeMode === 'append');
  return {
    id: crypto.randomUUID(),
    lease,
    tables: made.planned,
    slice: keepsRecord ? undefined : { ...slice, rowsLoaded },
    cursor,
  };
}

const ofSlice = 'pipeline = {p:String} AND `group` = {g:String} AND slice_id = {s:String}';

/** An appended slice is appended once, whichever lane did it. */
async function isAppended(clickhouse: Clickhouse, { slice, tables }: Commit): Promise<boolean> {
  if (tables.length > 0 && tables.every(({ writeMode }) => writeMode !== 'append')) return false;
  const [count = 0] = await clickhouse.numbers({
    what: 'looking up the slice',
    sql: `SELECT count() FROM ${tableRef(clickhouse.ledger, 'slices')} WHERE ${ofSlice} AND status = 'committed'`,
    params: { ...laneParams(slice), s: slice.sliceId },
  });
  return count > 0;
}

async function countQuarantined(clickhouse: Clickhouse, { slice }: Commit): Promise<number> {
  const [held = 0] = await clickhouse.numbers({
    what: 'looking up quarantined rows',
    sql: `SELECT count() FROM ${tableRef(clickhouse.ledger, 'quarantine')} WHERE ${ofSlice}`,
    params: { ...laneParams(slice), s: slice.sliceId },
  });
  return held;
}

/**
 * What a slice put into quarantine before is replaced, so that reading it again does not double it.
 *
 * @param before rows of the slice that are there
 */
async function saveQuarantine(
  clickhouse: Clickhouse,
  { slice, quarantined, now }: Commit,
  before: number,
): Promise<void> {
  if (before > 0)
    await clickhouse.run({
      what: 'recording quarantined rows',
      sql: `DELETE FROM ${tableRef(clickhouse.ledger, 'quarantine')} WHERE ${ofSlice}`,
      params: { ...laneParams(slice), s: slice.sliceId },
      isRepeatable: true,
    });
  if (quarantined.length === 0) return;
  await clickhouse.insertRows(
    'quarantine',
    quarantined.map(({ table: name, row: { row = null, path, reason, masked } }) => ({
      pipeline: slice.pipeline,
      group: slice.group,
      slice_id: slice.sliceId,
      run_id: slice.runId,
      table: name,
      row_index: row,
      path,
      reason,
      masked,
      recorded_at: now,
    })),
  );
}

async function saveDrift(clickhouse: Clickhouse, { slice, drift, now }: Commit): Promise<void> {
  const table = tableRef(clickhouse.ledger, 'drift');
  for (const { table: name, field } of drift) {
    const columns = names(['pipeline', 'table', 'field', 'suggested', 'rows', 'first_seen', 'last_seen']);
    await clickhouse.run({
      what: 'recording drift',
      sql:
        `INSERT INTO ${table} (${columns}) SELECT {p:String}, {t:String}, {f:String}, {d:String}, ${field.rows}, ` +
        `coalesce(minOrNull(first_seen), at), parseDateTime64BestEffort({n:String}, 3, 'UTC') AS at FROM ${table} ` +
        'WHERE pipeline = {p:String} AND `table` = {t:String} AND field = {f:String}',
      params: {
        p: slice.pipeline,
        t: name,
        f: field.field,
        d: JSON.stringify(field.suggested),
        n: now.toISOString(),
      },
      isRepeatable: true,
    });
  }
}

import { allTables } from '../extract.ts';
import type { LaneState } from '../ledger/ledger.ts';
import type { ActiveRun } from './active-run.ts';
import { redacted } from './active-run.ts';
import { tableInSql } from './is-empty.ts';
import { beginOf } from './plan-watermark.ts';
import type { TransformTarget } from './setup.ts';
import type { Slice } from './slice.ts';
import type { Tally } from './tally.ts';

/**
 * Computes the tables that stand on others, in their order, once the others are loaded. A transform that failed leaves the
 * rest alone; it is due again in the next run, and so is one whose run died before it.
 *
 * @returns false when one failed
 * @throws retryable `lease-lost`
 */
export async function runTransforms(run: ActiveRun, tally: Tally): Promise<boolean> {
  const { request, setup, lease, emit } = run;
  const { ledger } = request.warehouse;
  let isWhole = true;
  for (const target of setup.transforms) {
    const state = await ledger.state(lease);
    if (!isDue(target, state)) continue;
    const slice: Slice = { id: `${target.declared}/-/transform`, table: target.declared, origin: '-' };
    await emit({ type: 'slice-started', slice });
    try {
      await runTransform(run, { target, state, slice, tally });
    } catch (thrown) {
      const error = redacted(run, thrown);
      if (error.code === 'lease-lost') throw error;
      isWhole = false;
      tally.addFailure(slice, error.message);
      await ledger.saveFailure(lease, { ...factsOf(run, slice), status: 'failed', error: error.message });
      await emit({ type: 'slice-failed', slice, error: error.message });
    }
  }
  return isWhole;
}

/** True when something it reads was committed after it was computed last. */
function isDue({ declared, after }: TransformTarget, { slices }: LaneState): boolean {
  const newest = (tables: readonly string[]) =>
    slices
      .filter(({ table, status }) => status === 'committed' && tables.includes(table))
      .reduce((latest, { at }) => Math.max(latest, at.getTime()), -1);
  const own = newest([declared]);
  const read = newest([...after, allTables]);
  return read >= 0 && read >= own;
}

async function runTransform(
  run: ActiveRun,
  work: {
    readonly target: TransformTarget;
    readonly state: LaneState;
    readonly slice: Slice;
    readonly tally: Tally;
  },
): Promise<void> {
  const { request, setup, lease, emit } = run;
  const { warehouse } = request;
  const { target, state, slice, tally } = work;
  const stage = await warehouse.openStage(target, slice.origin);
  try {
    const rows = await stage.fill(render(target, sinceOf(run, target, state)));
    const outcomes = await warehouse.commit({
      lease,
      tables: [{ stage, writeMode: target.writeMode }],
      origin: slice.origin,
      slice: { ...factsOf(run, slice), status: 'committed', rowsRead: rows, rowsLoaded: rows },
      quarantined: [],
      drift: [],
      now: setup.now(),
    });
    // After the commit: a run that dies between the two merges the same rows again.
    await moveWatermark(run, target);
    tally.addCommit(
      [
        {
          target,
          stage,
          rowsRead: rows,
          announced: undefined,
          bytes: 0,
          rejected: 0,
          quarantined: [],
          drift: [],
        },
      ],
      outcomes,
    );
    await emit({ type: 'slice-committed', slice, outcomes });
  } finally {
    await stage.discard();
  }
}

/** What a person loads beside the cursor lies before it, so then everything is computed. */
function sinceOf({ lease }: ActiveRun, { cursor, declared }: TransformTarget, { cursors }: LaneState) {
  if (cursor.kind !== 'watermark' || lease.lane !== 'incremental') return undefined;
  return beginOf(cursor, cursors.find(({ table }) => table === declared)?.value);
}

/** Dates and times are compared with a text by every warehouse; ClickHouse knows none before 1970. */
function render({ sql, dataset, cursor, columns }: TransformTarget, since: string | undefined): string {
  const field = cursor.kind === 'watermark' ? cursor.field : undefined;
  const type = columns.find(({ name }) => name === field)?.type;
  const value =
    type === 'INTEGER'
      ? (since ?? '-9223372036854775807')
      : `'${since ?? (type === 'DATE' ? '1970-01-01' : '1970-01-01 00:00:00')}'`;
  // A comment at its end must not swallow what a warehouse writes behind it.
  return `${sql.replaceAll('{{dataset}}', dataset).replaceAll('{{since}}', value)}\n`;
}

async function moveWatermark({ request, setup, lease }: ActiveRun, target: TransformTarget): Promise<void> {
  const { cursor, declared } = target;
  if (cursor.kind !== 'watermark' || lease.lane !== 'incremental') return;
  const { warehouse } = request;
  const table = tableInSql(warehouse.kind, target);
  const { rows } = await warehouse.query(`SELECT max(${cursor.field}) AS newest FROM ${table}`);
  const value = watermarkText(rows[0]?.[0]);
  if (value === undefined) return;
  const { pipeline, group, lane } = lease;
  const at = setup.now();
  await warehouse.ledger.saveCursor(lease, {
    pipeline,
    group,
    lane,
    table: declared,
    origin: '-',
    value,
    at,
  });
}

/** A value as a warehouse's query gives it, in the form of a cursor: a moment is UTC, without its zone. */
function watermarkText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  const moment = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?))?/.exec(String(value));
  if (moment === null) return String(value);
  return moment[2] === undefined ? moment[1] : `${moment[1]} ${moment[2]}`;
}

function factsOf({ lease, runId, setup }: ActiveRun, { id, table, origin }: Slice) {
  const { pipeline, group, lane } = lease;
  const counts = { rowsRead: 0, rowsLoaded: 0, rowsQuarantined: 0 };
  return { pipeline, group, lane, sliceId: id, table, origin, runId, at: setup.now(), ...counts };
}

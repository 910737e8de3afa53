import type { CatchmentError, ErrorCode } from '../errors.ts';
import { fatal } from '../errors.ts';
import type { FoundObject } from '../extract.ts';
import { goneGeneration } from '../extract.ts';
import type { Http } from '../http/http.ts';
import type { LaneState } from '../ledger/ledger.ts';
import type { TableTarget } from '../pipeline.ts';
import type { ActiveRun } from './active-run.ts';
import { redacted } from './active-run.ts';
import { countNulls, isEmpty } from './is-empty.ts';
import type { SlicePlan } from './plan-slices.ts';
import { newestObjects, planSlices } from './plan-slices.ts';
import type { WatermarkPlan } from './plan-watermark.ts';
import { beginOf, emptiedNotice } from './plan-watermark.ts';

/** Errors of asking a source that are about all of its tables, or about this run. */
const endsThePlan: ReadonlySet<ErrorCode> = new Set([
  'auth',
  'cancelled',
  'deferred',
  'host-not-allowed',
  'lease-lost',
  'warehouse',
  'warehouse-locked',
]);

/** Tables in a row that a source may be out of reach for before the others fail as the last of them did, unasked. */
const silentInARow = 3;

/**
 * The slices of all tables of a run, in the tables' order. A table whose source cannot be asked what is new, because it was
 * dropped there or its permission was revoked, fails; the others go on.
 *
 * @throws what is about all tables: `auth`, `warehouse` and the like
 */
export async function planRun(run: ActiveRun, state: LaneState, http: Http): Promise<SlicePlan> {
  const plans: SlicePlan[] = [];
  let silent: CatchmentError[] = [];
  for (const table of run.setup.targets.filter(({ cursor }) => cursor.kind !== 'log')) {
    try {
      const last = silent[silentInARow - 1];
      if (last !== undefined) throw last;
      plans.push(await planTable(run, table, state, http));
      silent = [];
    } catch (thrown) {
      const error = redacted(run, thrown);
      if (endsThePlan.has(error.code)) throw error;
      const slice = { id: `${table.declared}/-/plan`, table: table.declared, origin: '-' };
      plans.push({ slices: [], skipped: [], failed: [{ slice, error: error.message }] });
      silent = error.kind === 'retryable' ? [...silent, error] : [];
    }
  }
  return {
    slices: plans.flatMap(({ slices }) => slices),
    skipped: plans.flatMap(({ skipped }) => skipped),
    failed: plans.flatMap(({ failed = [] }) => failed),
  };
}

async function planTable(
  run: ActiveRun,
  table: TableTarget,
  state: LaneState,
  http: Http,
): Promise<SlicePlan> {
  const { request, setup, lease } = run;
  return planSlices({
    where: setup.where,
    table,
    origins: setup.origins,
    state,
    lane: lease.lane,
    today: setup.today,
    now: setup.now(),
    since: request.pipeline.since,
    window: request.window,
    objects: table.cursor.kind === 'objects' ? await discover(run, table, state, http) : undefined,
    watermark: table.cursor.kind === 'watermark' ? await probe(run, table, state, http) : undefined,
  });
}

async function probe(
  { request, setup }: ActiveRun,
  table: TableTarget,
  state: LaneState,
  http: Http,
): Promise<WatermarkPlan> {
  if (request.code.probe === undefined || table.cursor.kind !== 'watermark')
    throw fatal('internal', {
      where: setup.where,
      what: `source ${request.pipeline.source} has a watermark but exports no probe`,
    });
  const reached = state.cursors.find((cursor) => cursor.table === table.declared);
  const emptied = reached && (await isEmpty(request.warehouse, table)) ? reached : undefined;
  if (emptied !== undefined)
    request.log?.warn({ table: table.name, cursor: emptied.value }, emptiedNotice(table, emptied));
  const ranges = await request.code.probe({
    table: table.declared,
    options: table.options as never,
    settings: setup.settings,
    secret: setup.secret,
    http,
    signal: request.signal ?? new AbortController().signal,
    columns: table.columns,
    field: table.cursor.field,
    from: emptied === undefined ? beginOf(table.cursor, reached?.value) : undefined,
    isOpen: table.writeMode === 'append',
    queries: request.warehouse.queries,
  });
  const isCounted = table.writeMode === 'append' && ranges.some(({ to }) => to === undefined);
  const nulls = isCounted ? await countNulls(request.warehouse, table, table.cursor.field) : undefined;
  return { ranges, emptied, nulls };
}

async function discover(
  { request, setup }: ActiveRun,
  table: TableTarget,
  state: LaneState,
  http: Http,
): Promise<readonly FoundObject[]> {
  if (request.code.discover === undefined)
    throw fatal('internal', {
      where: setup.where,
      what: `source ${request.pipeline.source} reads objects but exports no discover`,
    });
  const { settings, secret } = setup;
  const signal = request.signal ?? new AbortController().signal;
  const held = [...newestObjects(state, table).values()].filter(
    ({ generation }) => generation !== goneGeneration,
  );
  return request.code.discover({
    table: table.declared,
    known: held.map(({ origin }) => origin),
    options: table.options as never,
    settings,
    secret,
    http,
    signal,
  });
}

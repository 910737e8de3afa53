import { fatal } from '../errors.ts';
import type { FoundObject } from '../extract.ts';
import { goneGeneration } from '../extract.ts';
import type { Http } from '../http/http.ts';
import type { LaneState } from '../ledger/ledger.ts';
import type { TableTarget } from '../pipeline.ts';
import type { ActiveRun } from './active-run.ts';
import { isEmpty } from './is-empty.ts';
import type { SlicePlan } from './plan-slices.ts';
import { newestObjects, planSlices } from './plan-slices.ts';
import type { WatermarkPlan } from './plan-watermark.ts';
import { beginOf, emptiedNotice } from './plan-watermark.ts';

/** The slices of all tables of a run, in the tables' order. */
export async function planRun(run: ActiveRun, state: LaneState, http: Http): Promise<SlicePlan> {
  const { request, setup, lease } = run;
  const plans: SlicePlan[] = [];
  for (const table of setup.targets.filter(({ cursor }) => cursor.kind !== 'log')) {
    plans.push(
      planSlices({
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
      }),
    );
  }
  return { slices: plans.flatMap(({ slices }) => slices), skipped: plans.flatMap(({ skipped }) => skipped) };
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
  });
  return { ranges, emptied };
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

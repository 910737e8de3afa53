import { fatal } from '../errors.ts';
import type { FoundObject } from '../extract.ts';
import type { Http } from '../http/http.ts';
import type { LaneState } from '../ledger/ledger.ts';
import type { TableTarget } from '../pipeline.ts';
import type { ActiveRun } from './active-run.ts';
import type { SlicePlan } from './plan-slices.ts';
import { planSlices } from './plan-slices.ts';

/** The slices of all tables of a run, in the tables' order. */
export async function planRun(run: ActiveRun, state: LaneState, http: Http): Promise<SlicePlan> {
  const { request, setup, lease } = run;
  const plans: SlicePlan[] = [];
  for (const table of setup.targets) {
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
        objects: table.cursor.kind === 'objects' ? await discover(run, table, http) : undefined,
      }),
    );
  }
  return { slices: plans.flatMap(({ slices }) => slices), skipped: plans.flatMap(({ skipped }) => skipped) };
}

async function discover(
  { request, setup }: ActiveRun,
  table: TableTarget,
  http: Http,
): Promise<readonly FoundObject[]> {
  if (request.code.discover === undefined)
    throw fatal('internal', {
      where: setup.where,
      what: `source ${request.pipeline.source} reads objects but exports no discover`,
    });
  const { settings, secret } = setup;
  const signal = request.signal ?? new AbortController().signal;
  return request.code.discover({
    table: table.declared,
    options: table.options as never,
    settings,
    secret,
    http,
    signal,
  });
}

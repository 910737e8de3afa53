import { systemSleep } from '../../clock.ts';
import { fatal, retryable } from '../../errors.ts';
import { createHttp } from '../../http/client.ts';
import type { Http } from '../../http/http.ts';
import type { LaneState } from '../../ledger/ledger.ts';
import type { ActiveRun } from '../../run/active-run.ts';
import type { SliceRead } from '../../run/read-slice.ts';
import type { Slice } from '../../run/slice.ts';
import { createRedactor } from '../../secrets.ts';
import { createDataflowApi, type DataflowApi, type DataflowJob, hosts } from './api.ts';
import type { EngineJob, EngineSlice } from './engine-job.ts';
import { namesOf } from './names.ts';
import { linesJob } from './read-lines.ts';
import { csvJob } from './read-object.ts';
import { tableJob } from './read-table.ts';

/** A machine takes two to three minutes to start; asking more often costs runs and tells nothing. */
const askAgainSeconds = 180;

/** https://cloud.google.com/dataflow/docs/reference/rest/v1b3/projects.jobs#jobstate; any other state is on its way. */
const failed = ['JOB_STATE_FAILED', 'JOB_STATE_CANCELLED', 'JOB_STATE_DRAINED', 'JOB_STATE_UPDATED'];

/**
 * Reads one slice by a Dataflow job. No run waits for one: the first run launches it, the next ones ask for its state, and the
 * one that finds it done stages what it wrote, for the usual commit.
 *
 * @throws retryable `deferred`, of this slice alone, while the job is on its way, however long that takes; fatal `vendor`
 *   when it failed or was cancelled; retryable `vendor` when its own count of rows is not what is in the table
 */
export async function readByDataflow(
  run: ActiveRun,
  { state, http: own }: { readonly state: LaneState; readonly http: Http },
  slice: Slice,
): Promise<SliceRead> {
  const { lease } = run;
  const settled = settle(run, slice);
  const http = openHttp(run);
  const api = createDataflowApi(http, settled.place);
  const ended = state.slices.find(({ sliceId, lane }) => sliceId === slice.id && lane === lease.lane);
  const names = namesOf(lease, slice.id, ended);
  const job = await api.find(names.job);
  if (job !== undefined && failed.includes(job.currentState)) throw await failure(run, slice, job, api);
  if (job !== undefined && job.currentState !== 'JOB_STATE_DONE')
    throw later(run, slice, `the Dataflow job ${names.job} is in state ${job.currentState}`);

  const work = await jobFor({ run, slice, names, http, ...settled }, own);
  if (job !== undefined) return { tables: [await work.stage(api, job)] };
  await work.launch(api);
  throw later(run, slice, `the Dataflow job ${names.job} was launched`);
}

/** @param own what the source itself talks with */
async function jobFor(of: EngineSlice, own: Http): Promise<EngineJob> {
  const { run, slice, target } = of;
  const { request, setup } = run;
  if (slice.object === undefined) return tableJob(of);
  if (request.code.objectRead === undefined)
    throw fatal('internal', {
      where: setup.where,
      what: `source ${request.pipeline.source} does not say how its objects are read by an engine`,
    });
  const read = await request.code.objectRead({
    table: slice.table,
    origin: slice.origin,
    object: slice.object,
    options: slice.options as never,
    settings: setup.settings,
    secret: setup.secret,
    columns: target.columns,
    http: own,
    signal: request.signal ?? new AbortController().signal,
  });
  return read.format === 'csv' ? csvJob(of, read) : linesJob(of, read);
}

function settle({ request, setup }: ActiveRun, slice: Slice) {
  const { pipeline, dataflow: place } = request;
  const { warehouse, dataset } = pipeline;
  const target = setup.targets.find(({ declared }) => declared === slice.table);
  if (target === undefined || warehouse.kind !== 'bigquery')
    throw fatal('internal', { where: setup.where, what: 'Dataflow has no such table', got: slice.table });
  if (place === undefined)
    throw fatal('bad-input', {
      where: setup.where,
      what: 'engine dataflow runs where it is deployed, and this process does not know where its jobs belong',
      todo: 'leave the engine out in stacks of one machine',
    });
  const { project, location } = warehouse;
  return { place, project, location, dataset, target };
}

function openHttp({ request, setup }: ActiveRun) {
  return createHttp({
    policy: { baseUrl: 'https://dataflow.googleapis.com/' },
    hosts,
    standIns: request.standIns,
    secret: {},
    redactor: createRedactor([setup.secret]),
    where: setup.where,
    signal: request.signal ?? new AbortController().signal,
    now: setup.now,
    sleep: request.sleep ?? systemSleep,
  }).http;
}

function later({ setup }: ActiveRun, slice: Slice, what: string) {
  return retryable('deferred', {
    where: setup.where,
    what: `slice ${slice.id} waits: ${what}`,
    todo: 'the next run asks again',
    resumeAt: new Date(setup.now().getTime() + askAgainSeconds * 1000),
    isOfSlice: true,
  });
}

async function failure({ setup }: ActiveRun, slice: Slice, job: DataflowJob, api: DataflowApi) {
  const said = await api.lastError(job.id).catch(() => undefined);
  return fatal('vendor', {
    where: setup.where,
    what: `the Dataflow job ${job.name} of slice ${slice.id} ended ${job.currentState}${said === undefined ? '' : `: ${said}`}`,
    todo: 'nothing of it was loaded; the next run launches another one',
  });
}

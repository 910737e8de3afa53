import { describe, expect, it } from 'vitest';
import type { Pipeline } from '../pipeline.ts';
import { parseConfig } from './config.ts';

const pipeline: Pipeline = {
  name: 'tides',
  source: 'tide-gauge',
  warehouse: { name: 'main', kind: 'bigquery', project: 'acme', location: 'EU' },
  dataset: 'tides',
  tables: [
    {
      declared: 'levels',
      name: 'LEVELS',
      schema: 'tide-gauge/levels',
      key: ['day'],
      writeMode: 'replaceWindow',
      windowField: 'day',
      clusterBy: ['day'],
      cursor: { kind: 'window', lag: 1, lookback: 1, maxSpan: 31 },
    },
  ],
  groups: [
    { name: 'north', secret: 'tides-north', timeZone: 'UTC', sandbox: false, settings: { stations: ['a'] } },
  ],
  schedule: { cron: '0 6 * * *', timeZone: 'Etc/UTC', paused: false },
  runsOn: 'function',
  since: '2026-01-01',
};

const CATCHMENT_PIPELINE = JSON.stringify(pipeline);
const dataflow = {
  project: 'acme',
  region: 'europe-west1',
  bucket: 'acme-staging',
  serviceAccount: 'etl-tides@acme.iam.gserviceaccount.com',
  passwords: { north: 'tides-north-password' },
};
const parse = (env: Record<string, string>) => () => parseConfig(env, 'tide-gauge');

describe('parseConfig', () => {
  it('gives back the pipeline as it was deployed, with defaults for the rest', () => {
    expect(parse({ CATCHMENT_PIPELINE })()).toEqual({
      pipeline,
      secretsDir: '/secrets',
      root: process.cwd(),
      timeoutSeconds: undefined,
      baseUrl: undefined,
      logLevel: 'info',
      share: undefined,
      dataflow: undefined,
    });
  });

  it('takes all variables', () => {
    const env = {
      CATCHMENT_PIPELINE,
      CATCHMENT_SECRETS: '/mnt',
      CATCHMENT_ROOT: '/data',
      CATCHMENT_TIMEOUT_SECONDS: '1800',
      CATCHMENT_BASE_URL: 'http://127.0.0.1:9/v1/',
      LOG_LEVEL: 'debug',
      CLOUD_RUN_EXECUTION: 'etl-tides-x7k2p',
      CLOUD_RUN_TASK_INDEX: '3',
      CLOUD_RUN_TASK_COUNT: '8',
      CATCHMENT_DATAFLOW: JSON.stringify(dataflow),
    };
    expect(parse(env)()).toEqual({
      pipeline,
      secretsDir: '/mnt',
      root: '/data',
      timeoutSeconds: 1800,
      baseUrl: 'http://127.0.0.1:9/v1/',
      logLevel: 'debug',
      share: { execution: 'etl-tides-x7k2p', index: 3, count: 8 },
      dataflow,
    });
  });

  it('keeps what moves the rows, and takes the only task of a job for one without others', () => {
    const job = {
      ...pipeline,
      runsOn: 'job',
      network: { network: 'data', subnetwork: 'data-eu' },
      tasks: 8,
      parallelism: 4,
    };
    const alone = { CLOUD_RUN_EXECUTION: 'x', CLOUD_RUN_TASK_INDEX: '0', CLOUD_RUN_TASK_COUNT: '1' };
    const config = parse({ CATCHMENT_PIPELINE: JSON.stringify(job), ...alone })();
    expect([config.pipeline, config.share]).toEqual([job, undefined]);
  });

  it('names every mistake of a pipeline with its path', () => {
    const wrong = { ...pipeline, groups: [], tables: [{ ...pipeline.tables[0], writeMode: 'upsert' }] };
    expect(parse({ CATCHMENT_PIPELINE: JSON.stringify(wrong) })).toThrow(
      '[CATCHMENT_PIPELINE] is not a pipeline: tables.0.writeMode: Invalid option: expected one of "append"|"merge"|"replace"|"replaceWindow"; groups: Too small: expected array to have >=1 items; deploy the stack again, or set it to the JSON of one pipeline',
    );
  });

  it.each([
    [{}, '[CATCHMENT_PIPELINE] is not set; deploy the stack again, or set it to the JSON of one pipeline'],
    [{ CATCHMENT_PIPELINE: '{' }, '[CATCHMENT_PIPELINE] is not JSON ('],
    [
      { CATCHMENT_PIPELINE: JSON.stringify({ ...pipeline, source: 'files' }) },
      '[CATCHMENT_PIPELINE] names another source than this bundle: got "files"; allowed: tide-gauge; deploy the stack again',
    ],
    [
      { CATCHMENT_PIPELINE, CATCHMENT_TIMEOUT_SECONDS: '30' },
      '[CATCHMENT_TIMEOUT_SECONDS] is not a time that a run can end in: got "30"; allowed: whole seconds above 30',
    ],
    [
      { CATCHMENT_PIPELINE, CATCHMENT_BASE_URL: 'https://evil.example.com/' },
      '[CATCHMENT_BASE_URL] is not a URL on this machine: got "https://evil.example.com/"; allowed: URLs of 127.0.0.1, localhost or [::1]',
    ],
    [
      { CATCHMENT_PIPELINE, LOG_LEVEL: 'loud' },
      '[LOG_LEVEL] is unknown: got "loud"; allowed: debug, info, warn, error, silent',
    ],
    [
      { CATCHMENT_PIPELINE, CATCHMENT_DATAFLOW: '{"project":"acme"}' },
      '[CATCHMENT_DATAFLOW] does not say where Dataflow jobs run; deploy the stack again',
    ],
    [
      { CATCHMENT_PIPELINE, CLOUD_RUN_TASK_COUNT: '4', CLOUD_RUN_TASK_INDEX: '4', CLOUD_RUN_EXECUTION: 'x' },
      '[CLOUD_RUN_TASK_COUNT] does not go with CLOUD_RUN_TASK_INDEX and CLOUD_RUN_EXECUTION: got ["4","4","x"]; allowed: an index below the count, and the name of an execution',
    ],
  ])('refuses %j', (env, message) => {
    expect(parse(env)).toThrow(message);
  });
});

import { z } from 'zod';
import { writeModes } from '../cursor.ts';
import { fatal } from '../errors.ts';
import { type LogLevel, logLevels } from '../log.ts';
import type { Pipeline } from '../pipeline.ts';
import type { DataflowPlace, TaskShare } from '../run/request.ts';

/** What a deployed handler is told by its environment. */
export interface EntryConfig {
  readonly pipeline: Pipeline;
  /** Folder of the mounted secrets. */
  readonly secretsDir: string;
  /** Folder that relative paths of embedded warehouses start from. */
  readonly root: string;
  /** Seconds a run may take before the platform ends it; undefined for no end. */
  readonly timeoutSeconds: number | undefined;
  /** Replaces the source's base URL; a stand-in on this machine. */
  readonly baseUrl: string | undefined;
  readonly logLevel: LogLevel;
  /** The part of this process, when it is one of several tasks of a job. */
  readonly share: TaskShare | undefined;
  /** Where Dataflow jobs run, for pipelines with that engine. */
  readonly dataflow: DataflowPlace | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Seconds before the platform's end at which no new slice starts, so that the one at work can commit. */
export const reserveSeconds = 30;

/**
 * Reads the environment of a handler:
 *
 * - `CATCHMENT_PIPELINE`: the pipeline as JSON, written by the Pulumi program
 * - `CATCHMENT_SECRETS`: folder of the secrets, one file `<name>` or `<name>/value` each. Default `/secrets`
 * - `CATCHMENT_ROOT`: folder that relative paths of embedded warehouses start from. Default: the working directory
 * - `CATCHMENT_TIMEOUT_SECONDS`: the platform's limit for one run; more than 30. Default: none
 * - `CATCHMENT_BASE_URL`: a stand-in for the vendor, on loopback only. Default: the source's own
 * - `CLOUD_RUN_EXECUTION`, `CLOUD_RUN_TASK_INDEX`, `CLOUD_RUN_TASK_COUNT`: which task of which execution this is, as Cloud
 *   Run tells every job (https://cloud.google.com/run/docs/container-contract#jobs-env-vars). Default: the only one
 * - `CATCHMENT_DATAFLOW`: where the jobs of `engine: dataflow` run, as JSON, written by the Pulumi program. Default: none
 * - `LOG_LEVEL`: debug, info, warn, error or silent. Default: info
 *
 * @param source the source of this bundle
 * @throws fatal `bad-input` that lists every mistake of the first variable that is wrong
 */
export function parseConfig(env: Environment, source: string): EntryConfig {
  return {
    pipeline: parsePipeline(env.CATCHMENT_PIPELINE, source),
    secretsDir: env.CATCHMENT_SECRETS || '/secrets',
    root: env.CATCHMENT_ROOT || process.cwd(),
    timeoutSeconds: parseTimeout(env.CATCHMENT_TIMEOUT_SECONDS),
    baseUrl: parseBaseUrl(env.CATCHMENT_BASE_URL),
    logLevel: parseLogLevel(env.LOG_LEVEL),
    share: parseShare(env),
    dataflow: parseDataflow(env.CATCHMENT_DATAFLOW),
  };
}

function parsePipeline(text: string | undefined, source: string): Pipeline {
  const where = 'CATCHMENT_PIPELINE';
  const todo = 'deploy the stack again, or set it to the JSON of one pipeline';
  if (text === undefined || text === '') throw fatal('bad-input', { where, what: 'is not set', todo });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw fatal('bad-input', { where, what: `is not JSON (${(cause as Error).message})`, todo, cause });
  }
  const result = pipelineShape.safeParse(json);
  if (!result.success) {
    const mistakes = result.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
    throw fatal('bad-input', { where, what: `is not a pipeline: ${mistakes.join('; ')}`, todo });
  }
  if (result.data.source !== source)
    throw fatal('bad-input', {
      where,
      what: 'names another source than this bundle',
      got: result.data.source,
      allowed: [source],
      todo,
    });
  return result.data;
}

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text) && Number(text) > reserveSeconds) return Number(text);
  throw fatal('bad-input', {
    where: 'CATCHMENT_TIMEOUT_SECONDS',
    what: 'is not a time that a run can end in',
    got: text,
    allowed: `whole seconds above ${reserveSeconds}`,
  });
}

function parseBaseUrl(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  // A deployed handler holds real secrets; no variable may send them to another host.
  const host = URL.canParse(text) ? new URL(text).hostname : undefined;
  if (host !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(host)) return text;
  throw fatal('bad-input', {
    where: 'CATCHMENT_BASE_URL',
    what: 'is not a URL on this machine',
    got: text,
    allowed: 'URLs of 127.0.0.1, localhost or [::1]',
  });
}

function parseLogLevel(text: string | undefined): LogLevel {
  if (text === undefined || text === '') return 'info';
  const level = logLevels.find((each) => each === text);
  if (level !== undefined) return level;
  throw fatal('bad-input', { where: 'LOG_LEVEL', what: 'is unknown', got: text, allowed: logLevels });
}

function parseShare(env: Environment): TaskShare | undefined {
  const { CLOUD_RUN_EXECUTION: execution, CLOUD_RUN_TASK_INDEX: index, CLOUD_RUN_TASK_COUNT: count } = env;
  if (count === undefined || count === '1') return undefined;
  const isWhole = /^\d+$/.test(count) && /^\d+$/.test(index ?? '') && Number(index) < Number(count);
  if (isWhole && execution !== undefined && execution !== '')
    return { execution, index: Number(index), count: Number(count) };
  throw fatal('bad-input', {
    where: 'CLOUD_RUN_TASK_COUNT',
    what: 'does not go with CLOUD_RUN_TASK_INDEX and CLOUD_RUN_EXECUTION',
    got: [count, index, execution],
    allowed: 'an index below the count, and the name of an execution',
  });
}

function parseDataflow(json: string | undefined): DataflowPlace | undefined {
  if (json === undefined || json === '') return undefined;
  try {
    return dataflowShape.parse(JSON.parse(json));
  } catch (cause) {
    throw fatal('bad-input', {
      where: 'CATCHMENT_DATAFLOW',
      what: 'does not say where Dataflow jobs run',
      todo: 'deploy the stack again',
      cause,
    });
  }
}

const text = z.string().min(1);

const dataflowShape: z.ZodType<DataflowPlace> = z.object({
  project: text,
  region: text,
  bucket: text,
  serviceAccount: text,
  subnetwork: text.optional(),
  passwords: z.record(text, text),
});
const settings = z.record(z.string(), z.unknown());

const cursor = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('window'),
    lag: z.int().min(0),
    lookback: z.int().min(0),
    maxSpan: z.int().min(1),
    rereadAfterHours: z.number().min(0).exactOptional(),
  }),
  z.object({ kind: z.literal('watermark'), field: text, lookback: z.number().min(0) }),
  z.object({ kind: z.literal('objects') }),
  z.object({ kind: z.literal('log') }),
  z.object({ kind: z.literal('snapshot') }),
]);

const table = z.object({
  declared: text,
  name: text,
  schema: text,
  options: settings.optional(),
  key: z.array(text),
  writeMode: z.enum(writeModes),
  cursor,
  windowField: text.exactOptional(),
  partitionBy: text.exactOptional(),
  clusterBy: z.array(text).exactOptional(),
});

const warehouse = z.discriminatedUnion('kind', [
  z.object({ name: text, kind: z.literal('duckdb'), path: text, memoryLimit: text.optional() }),
  z.object({ name: text, kind: z.literal('bigquery'), project: text, location: text }),
  z.object({
    name: text,
    kind: z.literal('clickhouse'),
    url: text,
    database: text.optional(),
    secret: text.optional(),
  }),
  z.object({
    name: text,
    kind: z.literal('postgres'),
    host: text,
    port: z.int().optional(),
    database: text,
    sslMode: z.enum(['disable', 'require', 'verify-full']).optional(),
    secret: text.optional(),
  }),
  z.object({ name: text, kind: z.literal('sqlite'), path: text }),
]);

const pipelineShape: z.ZodType<Pipeline> = z.object({
  name: text,
  source: text,
  warehouse,
  dataset: text,
  tables: z.array(table).min(1),
  transforms: z.array(table.extend({ sql: text, after: z.array(text) })).optional(),
  groups: z
    .array(z.object({ name: text, secret: text.optional(), timeZone: text, sandbox: z.boolean(), settings }))
    .min(1),
  schedule: z.object({ cron: text, timeZone: text, paused: z.boolean() }),
  runsOn: z.enum(['function', 'job']),
  since: text.optional(),
  network: z.object({ network: text, subnetwork: text }).optional(),
  tasks: z.int().min(1).optional(),
  parallelism: z.int().min(1).optional(),
  engine: z.literal('dataflow').optional(),
});

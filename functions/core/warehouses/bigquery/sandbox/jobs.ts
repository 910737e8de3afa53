import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import { Refused, refuse } from './refuse.ts';
import type { ResultRows } from './results.ts';
import type { LoadHost } from './run-load.ts';
import { loadConfiguration, runLoad } from './run-load.ts';
import type { TableWrites } from './script.ts';
import { runScript, split } from './script.ts';

export interface Job {
  readonly id: string;
  readonly project: string;
  readonly location: string;
  readonly configuration: z.output<typeof configuration>;
  state: 'PENDING' | 'RUNNING' | 'DONE';
  error: Refused | undefined;
  result: ResultRows;
  outputRows: number | undefined;
  inputFileBytes: number | undefined;
  /** Rows that a single statement changed. */
  affected: number | undefined;
  readonly ended: Promise<void>;
}

/** A job that is made to fail once it was accepted. */
export interface JobFault {
  readonly match: (job: Pick<Job, 'id' | 'configuration'>) => boolean;
  readonly reason: string;
  readonly message: string;
}

const parameter = z.strictObject({
  name: z.string(),
  parameterType: z.strictObject({ type: z.enum(['STRING', 'INT64', 'TIMESTAMP', 'DATE', 'BOOL']) }),
  // The official client writes numbers as they are.
  parameterValue: z.strictObject({
    value: z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]).nullable(),
  }),
});

const query = z.strictObject({
  query: z.string().min(1).max(1_000_000),
  useLegacySql: z.literal(false),
  parameterMode: z
    .string()
    .regex(/^named$/i)
    .optional(),
  queryParameters: z.array(parameter).max(10_000).default([]),
  defaultDataset: z.strictObject({ projectId: z.string(), datasetId: z.string() }).optional(),
  maximumBytesBilled: z.string().regex(/^\d+$/).optional(),
});

const configuration = z.strictObject({
  labels: z.record(z.string(), z.string()).optional(),
  dryRun: z.boolean().optional(),
  load: loadConfiguration.optional(),
  query: query.optional(),
});

const jobBody = z.strictObject({
  jobReference: z.strictObject({
    projectId: z.string(),
    location: z.string(),
    jobId: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,1024}$/)
      .optional(),
  }),
  configuration,
});

/** What a query is charged for at least, per table that it reads. The emulator charges no query more. */
export const leastBilled = 10 * 1024 * 1024;

export interface JobsHost extends LoadHost {
  readonly project: string;
  readonly location: string;
  readonly writes: TableWrites;
  readonly connect: () => Promise<DuckDBConnection>;
  readonly faults: JobFault[];
  /** Load jobs that a table takes in a day, failed ones too. */
  readonly loadsPerTable: number;
}

export function createJobs(host: JobsHost) {
  const jobs = new Map<string, Job>();
  const loadsOf = new Map<string, number>();

  /** A day of the emulator never ends. */
  const countLoad = ({ datasetId, tableId }: { readonly datasetId: string; readonly tableId: string }) => {
    const table = `${datasetId}.${tableId}`;
    const loads = (loadsOf.get(table) ?? 0) + 1;
    loadsOf.set(table, loads);
    if (loads > host.loadsPerTable)
      refuse(
        'quotaExceeded',
        `Quota exceeded: Your table exceeded quota for imports or query appends per table: ${table}`,
      );
  };

  const work = async (job: Job, content: Uint8Array | undefined) => {
    const fault = host.faults.findIndex(({ match }) => match(job));
    const [failure] = fault < 0 ? [] : host.faults.splice(fault, 1);
    if (failure !== undefined) refuse(failure.reason, failure.message);
    if (job.configuration.load !== undefined) countLoad(job.configuration.load.destinationTable);
    const connection = await host.connect();
    try {
      if (job.configuration.load !== undefined) {
        Object.assign(job, await runLoad(connection, host, job.configuration.load, content));
      } else if (job.configuration.query !== undefined) {
        const { query: sql, queryParameters, defaultDataset, maximumBytesBilled } = job.configuration.query;
        if (maximumBytesBilled !== undefined && Number(maximumBytesBilled) < leastBilled)
          refuse(
            'bytesBilledLimitExceeded',
            `Query exceeded limit for bytes billed: ${maximumBytesBilled}. ${leastBilled} or higher required.`,
          );
        if (defaultDataset !== undefined) await connection.run(`SET schema = '${defaultDataset.datasetId}'`);
        const parameters = new Map(
          queryParameters.map((each) => [
            each.name,
            { type: each.parameterType.type, value: each.parameterValue.value },
          ]),
        );
        const { project, writes, catalog } = host;
        const script = {
          project,
          connection,
          writes,
          created: catalog.adopt,
          check: catalog.checkFilters,
          parameters,
        };
        Object.assign(job, await runScript(script, sql));
      }
    } finally {
      connection.closeSync();
    }
  };

  return {
    all: () => [...jobs.values()],
    start(json: unknown, content: Uint8Array | undefined, newId: () => string): Job {
      const body = jobBody.parse(json);
      if (body.jobReference.projectId !== host.project || body.jobReference.location !== host.location)
        refuse('invalid', 'the job is for another project or location');
      if ((body.configuration.load === undefined) === (body.configuration.query === undefined))
        refuse('required', 'a job loads or queries');
      const hasSource = body.configuration.load?.sourceUris !== undefined;
      if ((body.configuration.load === undefined || hasSource) !== (content === undefined))
        refuse('invalid', 'a load job names its sources or comes with content, and no other job does');
      const id = body.jobReference.jobId ?? newId();
      if (jobs.has(id))
        refuse('duplicate', `Already Exists: Job ${host.project}:${host.location}.${id}`, 409);
      const job: Job = {
        id,
        project: host.project,
        location: host.location,
        configuration: body.configuration,
        state: 'PENDING',
        error: undefined,
        result: { fields: [], rows: [] },
        outputRows: undefined,
        inputFileBytes: undefined,
        affected: undefined,
        ended: Promise.resolve(),
      };
      jobs.set(id, job);
      const ended = (async () => {
        job.state = 'RUNNING';
        try {
          await work(job, content);
        } catch (error) {
          job.error = error instanceof Refused ? error : new Refused('internalError', String(error));
        }
        job.state = 'DONE';
      })();
      Object.assign(job, { ended });
      return job;
    },
    find: (id: string): Job => jobs.get(id) ?? refuse('notFound', `Not found: Job ${id}`, 404),
    statementType,
    /** What a query would do. It has no parameters. */
    async dryRun(json: unknown): Promise<unknown> {
      const { configuration } = jobBody.parse(json);
      const { query: sql = '', defaultDataset } = configuration.query ?? {};
      const type = statementType(sql);
      if (type !== 'SELECT') return { statistics: { query: { statementType: type } } };
      const connection = await host.connect();
      try {
        if (defaultDataset !== undefined) await connection.run(`SET schema = '${defaultDataset.datasetId}'`);
        const { project, writes, catalog } = host;
        const script = {
          project,
          connection,
          writes,
          created: catalog.adopt,
          check: catalog.checkFilters,
          parameters: new Map(),
        };
        const { result } = await runScript(script, `SELECT * FROM (${sql}\n) LIMIT 0`);
        const { fields } = result;
        const totalBytesProcessed = String(leastBilled);
        return { statistics: { totalBytesProcessed, query: { statementType: type, schema: { fields } } } };
      } finally {
        connection.closeSync();
      }
    },
    json: (job: Job) => ({
      kind: 'bigquery#job',
      jobReference: { projectId: host.project, jobId: job.id, location: host.location },
      configuration: job.configuration,
      status: {
        state: job.state,
        ...(job.error === undefined
          ? {}
          : {
              errorResult: { reason: job.error.reason, message: job.error.message },
              errors: [{ reason: job.error.reason, message: job.error.message }],
            }),
      },
      statistics:
        job.configuration.query === undefined
          ? {
              load: {
                outputRows: String(job.outputRows ?? 0),
                inputFileBytes: String(job.inputFileBytes ?? 0),
              },
            }
          : {
              query: {
                totalBytesBilled: String(leastBilled),
                ...(job.affected === undefined ? {} : { numDmlAffectedRows: String(job.affected) }),
              },
            },
    }),
  };
}

export type Jobs = ReturnType<typeof createJobs>;

function statementType(sql: string): string {
  const statements = split(sql);
  if (statements.length !== 1) return 'SCRIPT';
  const word = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
  return word === 'WITH' ? 'SELECT' : word;
}

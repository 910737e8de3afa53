import { z } from 'zod';
import { fatal } from '../../errors.ts';
import type { Http } from '../../http/http.ts';
import type { DataflowPlace } from '../../run/request.ts';

/** Hosts that the engine talks to, as the handler's own account. */
export const hosts = ['dataflow.googleapis.com', 'bigquery.googleapis.com', 'storage.googleapis.com'];

const jobShape = z.object({
  id: z.string().min(1),
  name: z.string(),
  currentState: z.string(),
  createTime: z.string().default(''),
});

export type DataflowJob = z.output<typeof jobShape>;

const listShape = z.object({ jobs: z.array(jobShape).default([]), nextPageToken: z.string().optional() });

const metricsShape = z.object({
  metrics: z
    .array(
      z.object({
        name: z.object({
          origin: z.string().default(''),
          name: z.string(),
          context: z.record(z.string(), z.string()).default({}),
        }),
        scalar: z.unknown().optional(),
      }),
    )
    .default([]),
});

const messagesShape = z.object({
  jobMessages: z.array(z.object({ messageText: z.string().default('') })).default([]),
});

/** How a template is launched: a flex template, or a classic one. */
export interface Launch {
  readonly method: 'flexTemplates:launch' | 'templates:launch';
  readonly query?: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface DataflowApi {
  /** The newest job of this name that Dataflow knows, in whatever state. */
  find(name: string): Promise<DataflowJob | undefined>;
  /** Nothing happens when a job of this name is at work already. */
  launch(launch: Launch): Promise<void>;
  /**
   * Rows that the job wrote to BigQuery, as its own counters say; undefined when it has none.
   *
   * @param step matches the names of the steps that wrote them
   */
  rowsWritten(id: string, step: RegExp): Promise<number | undefined>;
  /** What the job said last before it failed. */
  lastError(id: string): Promise<string | undefined>;
}

/** https://cloud.google.com/dataflow/docs/reference/rest */
export function createDataflowApi(http: Http, { project, region }: DataflowPlace): DataflowApi {
  const base = `https://dataflow.googleapis.com/v1b3/projects/${project}/locations/${region}`;
  const ask = async <S extends z.ZodType>(
    path: string,
    shape: S,
    query: Readonly<Record<string, string>> = {},
  ): Promise<z.output<S>> => {
    const { bytes } = await http.send({ method: 'GET', url: `${base}/${path}`, query, auth: 'google' });
    const read = shape.safeParse(JSON.parse(new TextDecoder().decode(bytes)));
    if (read.success) return read.data;
    throw fatal('vendor', { what: `Dataflow answered ${path} in another shape`, cause: read.error });
  };
  return {
    async find(name) {
      const found: DataflowJob[] = [];
      let pageToken: string | undefined;
      do {
        const page = await ask('jobs', listShape, {
          filter: 'ALL',
          name,
          ...(pageToken === undefined ? {} : { pageToken }),
        });
        found.push(...page.jobs.filter((job) => job.name === name));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      return found.sort((a, b) => (a.createTime < b.createTime ? 1 : -1))[0];
    },
    async launch({ method, query, body }) {
      await http.send({
        method: 'POST',
        url: `${base}/${method}`,
        ...(query === undefined ? {} : { query }),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        auth: 'google',
        // A job of this name is at work: an answer was lost, or two runs met.
        expect: [409],
      });
    },
    async rowsWritten(id, step) {
      const { metrics } = await ask(`jobs/${id}/metrics`, metricsShape);
      const written = metrics.filter(
        ({ name, scalar }) =>
          /^(?:ElementCount|element_count)$/i.test(name.name) &&
          step.test(name.context.original_name ?? name.context.step ?? '') &&
          name.context.tentative === undefined &&
          Number.isFinite(Number(scalar)),
      );
      return written.length === 0 ? undefined : Math.max(...written.map(({ scalar }) => Number(scalar)));
    },
    async lastError(id) {
      const { jobMessages } = await ask(`jobs/${id}/messages`, messagesShape, {
        minimumImportance: 'JOB_MESSAGE_ERROR',
      });
      return jobMessages.at(-1)?.messageText.slice(0, 500);
    },
  };
}

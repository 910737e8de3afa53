import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Launched {
  readonly id: string;
  readonly name: string;
  readonly createTime: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, unknown>>;
  state: string;
  /** Rows that its counters tell. */
  written?: number | undefined;
  error?: string | undefined;
}

export interface DataflowStandIn {
  readonly url: string;
  /** In the order of their launch. */
  readonly jobs: Launched[];
  /** The next launch works, and its answer is lost. */
  loseAnswer: boolean;
  close(): Promise<void>;
}

const ended = ['JOB_STATE_DONE', 'JOB_STATE_FAILED', 'JOB_STATE_CANCELLED'];

const required = [
  'driverJars',
  'driverClassName',
  'connectionURL',
  'outputTable',
  'bigQueryLoadingTemporaryDirectory',
];

const optional = [
  'username',
  'password',
  'query',
  'table',
  'partitionColumn',
  'numPartitions',
  'useColumnAlias',
  'isTruncate',
  'createDisposition',
];

const environmentKeys = [
  'serviceAccountEmail',
  'tempLocation',
  'stagingLocation',
  'maxWorkers',
  'subnetwork',
  'ipConfiguration',
  'additionalUserLabels',
];

/**
 * For tests: the part of Dataflow's REST interface that the engine uses, strict about names, parameters and unknown fields.
 * Two jobs of one name are never at work together, as with Dataflow itself. What a job does is the test's affair.
 */
export async function startDataflow(options: {
  readonly project: string;
  readonly region: string;
}): Promise<DataflowStandIn> {
  const jobs: Launched[] = [];
  const standIn = { loseAnswer: false };
  const base = `/v1b3/projects/${options.project}/locations/${options.region}/`;

  const launch = (body: unknown): [status: number, json: unknown] => {
    const wrong = mistakeIn(body, options.region);
    if (wrong !== undefined) return refuse(400, wrong);
    const { jobName, parameters, environment } = (body as LaunchBody).launchParameter;
    if (jobs.some(({ name, state }) => name === jobName && !ended.includes(state)))
      return refuse(409, `There is already an active job named ${jobName}`);
    const createTime = new Date(Date.UTC(2026, 10, 12, 6, 0, jobs.length)).toISOString();
    const id = `2026-11-12_06_00_00-${1000 + jobs.length}`;
    jobs.push({ id, name: jobName, createTime, parameters, environment, state: 'JOB_STATE_QUEUED' });
    return [200, { job: { id, name: jobName } }];
  };

  const answer = async (request: IncomingMessage): Promise<[status: number, json: unknown]> => {
    const url = new URL(request.url ?? '', 'http://dataflow');
    if (!/^Bearer \S+$/.test(request.headers.authorization ?? '')) return refuse(401, 'no token');
    if (!url.pathname.startsWith(base)) return refuse(404, url.pathname);
    const path = url.pathname.slice(base.length);
    if (request.method === 'POST' && path === 'flexTemplates:launch') return launch(await readJson(request));
    if (request.method !== 'GET') return refuse(405, request.method ?? '');
    if (path === 'jobs') {
      const name = url.searchParams.get('name');
      const known = jobs.filter((job) => job.name === name);
      return [200, known.length === 0 ? {} : { jobs: known.map(toJob) }];
    }
    const [, id, part] = /^jobs\/([^/]+)\/(metrics|messages)$/.exec(path) ?? [];
    const job = jobs.find((each) => each.id === id);
    if (job === undefined) return refuse(404, path);
    if (part === 'messages')
      return [200, job.error === undefined ? {} : { jobMessages: [{ messageText: job.error }] }];
    return [200, { metrics: job.written === undefined ? [] : metricsOf(job.written) }];
  };

  const server = createServer(async (request, response) => {
    const [status, json] = await answer(request);
    if (standIn.loseAnswer && request.method === 'POST') {
      standIn.loseAnswer = false;
      request.socket.destroy();
      return;
    }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return Object.assign(standIn, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    jobs,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

interface LaunchBody {
  readonly launchParameter: {
    readonly jobName: string;
    readonly containerSpecGcsPath: string;
    readonly parameters: Readonly<Record<string, string>>;
    readonly environment: Readonly<Record<string, unknown>>;
  };
}

function mistakeIn(body: unknown, region: string): string | undefined {
  const { launchParameter, ...others } = body as LaunchBody;
  if (Object.keys(others).length > 0 || launchParameter === undefined) return 'unknown field';
  const { jobName, containerSpecGcsPath, parameters, environment, ...more } = launchParameter;
  if (Object.keys(more).length > 0) return `unknown field ${Object.keys(more)}`;
  if (!/^[a-z]([-a-z0-9]{0,1022}[a-z0-9])?$/.test(jobName)) return `bad job name ${jobName}`;
  if (containerSpecGcsPath !== `gs://dataflow-templates-${region}/latest/flex/Jdbc_to_BigQuery_Flex`)
    return `no template ${containerSpecGcsPath}`;
  const missing = required.find((name) => parameters[name] === undefined);
  if (missing !== undefined) return `missing parameter ${missing}`;
  const unknown = Object.keys(parameters).find((name) => ![...required, ...optional].includes(name));
  if (unknown !== undefined) return `unrecognized parameter ${unknown}`;
  const text = Object.entries(parameters).find(([, value]) => typeof value !== 'string');
  if (text !== undefined) return `parameter ${text[0]} is no text`;
  if ((parameters.query === undefined) === (parameters.table === undefined)) return 'query or table';
  if (parameters.table !== undefined && parameters.partitionColumn === undefined) return 'no partitionColumn';
  if (!/^[\w.-]+:[\w]+\.[\w]+$/.test(parameters.outputTable ?? '')) return 'bad outputTable';
  const odd = Object.keys(environment).find((name) => !environmentKeys.includes(name));
  return odd === undefined ? undefined : `unknown environment ${odd}`;
}

function toJob({ id, name, state, createTime }: Launched) {
  return { id, name, currentState: state, createTime };
}

/** A job tells each counter twice: as it is known for certain, and with what is still under way. */
function metricsOf(written: number) {
  const name = (more: object) => ({
    origin: 'dataflow/v1b3',
    name: 'ElementCount',
    context: { original_name: 'Write to BigQuery/PrepareWrite-out0', ...more },
  });
  return [
    { name: { ...name({}), context: { original_name: 'Read from JdbcIO-out0' } }, scalar: written + 7 },
    { name: name({}), scalar: written },
    { name: name({ tentative: 'true' }), scalar: written + 3 },
  ];
}

function refuse(status: number, message: string): [number, unknown] {
  return [status, { error: { code: status, message } }];
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}

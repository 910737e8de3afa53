import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Launched {
  readonly id: string;
  readonly name: string;
  readonly createTime: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, unknown>>;
  state: string;
  /** Rows that its counters tell, and lines that were no rows. */
  written?: number | undefined;
  bad?: number | undefined;
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

/** Classic templates: what they need, and what else they know. */
const classic: Readonly<
  Record<string, { readonly needed: readonly string[]; readonly possible: readonly string[] }>
> = {
  // https://github.com/GoogleCloudPlatform/DataflowTemplates/blob/main/v1/README_GCS_CSV_to_BigQuery.md
  GCS_CSV_to_BigQuery: {
    needed: [
      'inputFilePattern',
      'schemaJSONPath',
      'outputTable',
      'bigQueryLoadingTemporaryDirectory',
      'badRecordsOutputTable',
      'delimiter',
      'csvFormat',
    ],
    possible: ['containsHeaders', 'csvFileEncoding'],
  },
  // https://github.com/GoogleCloudPlatform/DataflowTemplates/blob/main/v1/README_GCS_Text_to_BigQuery.md
  GCS_Text_to_BigQuery: {
    needed: [
      'inputFilePattern',
      'JSONPath',
      'outputTable',
      'javascriptTextTransformGcsPath',
      'javascriptTextTransformFunctionName',
      'bigQueryLoadingTemporaryDirectory',
    ],
    possible: [],
  },
};

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
  /** What is in a bucket, for parameters that name an object. @default nothing */
  readonly readObject?: (url: string) => string | undefined;
}): Promise<DataflowStandIn> {
  const jobs: Launched[] = [];
  const standIn = { loseAnswer: false };
  const base = `/v1b3/projects/${options.project}/locations/${options.region}/`;

  const launch = (what: Launching, wrong: string | undefined): [status: number, json: unknown] => {
    if (wrong !== undefined) return refuse(400, wrong);
    const { jobName, parameters, environment } = what;
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
    if (request.method === 'POST' && path === 'flexTemplates:launch') {
      const body = (await readJson(request)) as LaunchBody;
      return launch(body.launchParameter, mistakeIn(body, options.region));
    }
    if (request.method === 'POST' && path === 'templates:launch') {
      const body = (await readJson(request)) as Launching;
      return launch(body, classicMistakeIn(body, url.searchParams, options));
    }
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
    return [200, { metrics: job.written === undefined ? [] : metricsOf(job) }];
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

interface Launching {
  readonly jobName: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, unknown>>;
}

interface LaunchBody {
  readonly launchParameter: Launching & { readonly containerSpecGcsPath: string };
}

function mistakeIn(body: unknown, region: string): string | undefined {
  const { launchParameter, ...others } = body as LaunchBody;
  if (Object.keys(others).length > 0 || launchParameter === undefined) return 'unknown field';
  const { jobName, containerSpecGcsPath, parameters, environment, ...more } = launchParameter;
  if (Object.keys(more).length > 0) return `unknown field ${Object.keys(more)}`;
  if (containerSpecGcsPath !== `gs://dataflow-templates-${region}/latest/flex/Jdbc_to_BigQuery_Flex`)
    return `no template ${containerSpecGcsPath}`;
  const wrong = commonMistake({ jobName, parameters, environment }, required, optional, environmentKeys);
  if (wrong !== undefined) return wrong;
  if ((parameters.query === undefined) === (parameters.table === undefined)) return 'query or table';
  if (parameters.table !== undefined && parameters.partitionColumn === undefined) return 'no partitionColumn';
  return undefined;
}

function commonMistake(
  { jobName, parameters, environment }: Launching,
  needed: readonly string[],
  possible: readonly string[],
  keys: readonly string[],
): string | undefined {
  if (!/^[a-z]([-a-z0-9]{0,1022}[a-z0-9])?$/.test(jobName)) return `bad job name ${jobName}`;
  const missing = needed.find((name) => parameters[name] === undefined);
  if (missing !== undefined) return `missing parameter ${missing}`;
  const unknown = Object.keys(parameters).find((name) => ![...needed, ...possible].includes(name));
  if (unknown !== undefined) return `unrecognized parameter ${unknown}`;
  const text = Object.entries(parameters).find(([, value]) => typeof value !== 'string');
  if (text !== undefined) return `parameter ${text[0]} is no text`;
  for (const name of ['outputTable', 'badRecordsOutputTable'])
    if (!/^[\w.-]+:[\w]+\.[\w]+$/.test(parameters[name] ?? 'a:b.c')) return `bad ${name}`;
  const odd = Object.keys(environment).find((name) => !keys.includes(name));
  return odd === undefined ? undefined : `unknown environment ${odd}`;
}

/** Classic templates are run from where they lie, and know no folder for the code of the job. */
function classicMistakeIn(
  body: Launching,
  query: URLSearchParams,
  {
    region,
    readObject,
  }: { readonly region: string; readonly readObject?: (url: string) => string | undefined },
): string | undefined {
  const { jobName, parameters, environment, ...more } = body;
  if (Object.keys(more).length > 0) return `unknown field ${Object.keys(more)}`;
  const path = query.get('gcsPath') ?? '';
  const folder = `gs://dataflow-templates-${region}/latest/`;
  const template = path.startsWith(folder) ? classic[path.slice(folder.length)] : undefined;
  if (template === undefined) return `no template ${path}`;
  const keys = environmentKeys.filter((name) => name !== 'stagingLocation');
  const wrong = commonMistake(body, template.needed, template.possible, keys);
  if (wrong !== undefined) return wrong;
  if (!/^gs:\/\/[^\n\r]+$/.test(parameters.inputFilePattern ?? '')) return 'bad inputFilePattern';
  if (!['true', 'false', undefined].includes(parameters.containsHeaders)) return 'bad containsHeaders';
  if (!['US-ASCII', 'ISO-8859-1', 'UTF-8', 'UTF-16', undefined].includes(parameters.csvFileEncoding))
    return 'bad csvFileEncoding';
  const schemaPath = parameters.schemaJSONPath ?? parameters.JSONPath ?? '';
  const schema = readObject?.(schemaPath);
  if (schema === undefined) return `no object ${schemaPath}`;
  const { javascriptTextTransformGcsPath: code, javascriptTextTransformFunctionName: name } = parameters;
  if (code !== undefined && readObject?.(code)?.includes(`function ${name}(`) !== true)
    return `no function ${name} in ${code}`;
  const fields = (JSON.parse(schema) as Readonly<Record<string, unknown>>)['BigQuery Schema'];
  return Array.isArray(fields) && fields.length > 0 ? undefined : 'no "BigQuery Schema" in the schema file';
}

function toJob({ id, name, state, createTime }: Launched) {
  return { id, name, currentState: state, createTime };
}

/** A job tells each counter twice: as it is known for certain, and with what is still under way. */
function metricsOf({ written = 0, bad, parameters }: Launched) {
  const counter = (original_name: string, scalar: number, more: object = {}) => ({
    name: { origin: 'dataflow/v1b3', name: 'ElementCount', context: { original_name, ...more } },
    scalar,
  });
  const twice = (name: string, scalar: number) => [
    counter(name, scalar),
    counter(name, scalar + 3, { tentative: 'true' }),
  ];
  if (parameters.inputFilePattern === undefined)
    return [
      counter('Read from JdbcIO-out0', written + 7),
      ...twice('Write to BigQuery/PrepareWrite-out0', written),
    ];
  if (parameters.JSONPath !== undefined)
    return [
      counter('Read from source/Read-out0', written + 7),
      ...twice('Insert into Bigquery/PrepareWrite/ParDo(Anonymous)-out0', written),
    ];
  return [
    counter('ReadCsvFile/ReadCsvWithHeaders-out1', written + (bad ?? 0)),
    ...twice('Insert good records into Bigquery/PrepareWrite/ParDo(Anonymous)-out0', written),
    ...twice('Insert bad records into Bigquery/PrepareWrite/ParDo(Anonymous)-out0', bad ?? 0),
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

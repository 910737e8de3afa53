import { z } from 'zod';
import type { Bucket } from './bucket.ts';
import type { Exchange } from './store-server.ts';

const job = z.strictObject({
  // https://cloud.google.com/storage-transfer/docs/reference/rest/v1/transferJobs#TransferJob
  name: z
    .string()
    .regex(/^transferJobs\/(?!OPI)[\w-]*[a-zA-Z0-9]$/)
    .max(128),
  description: z.string().max(1024),
  projectId: z.string().min(1),
  status: z.enum(['ENABLED', 'DISABLED']),
  transferSpec: z.strictObject({
    awsS3DataSource: z
      .strictObject({
        bucketName: z.string().min(3),
        path: z.string().regex(/^$|[^/].*\/$/),
        awsAccessKey: z.strictObject({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1) }),
      })
      .optional(),
    azureBlobStorageDataSource: z
      .strictObject({
        storageAccount: z.string().min(3),
        container: z.string().min(3),
        path: z.string().regex(/^$|[^/].*\/$/),
        azureCredentials: z.strictObject({ sasToken: z.string().min(1) }),
      })
      .optional(),
    gcsDataSink: z.strictObject({ bucketName: z.string().min(3), path: z.string().regex(/^$|[^/].*\/$/) }),
    objectConditions: z.strictObject({ includePrefixes: z.array(z.string().regex(/^[^/]/)).min(1) }),
    transferOptions: z.strictObject({ overwriteWhen: z.enum(['DIFFERENT', 'NEVER', 'ALWAYS']) }),
  }),
});

interface Operation {
  readonly name: string;
  readonly job: string;
  /** Looks until it ends. */
  looks: number;
  failure: { readonly code: string; readonly detail: string } | undefined;
}

export interface TransferService {
  /** Answers what is for the service; false for everything else. */
  readonly handle: (exchange: Exchange) => boolean;
  readonly jobs: ReadonlyMap<string, z.output<typeof job>>;
  readonly operations: readonly Operation[];
  /** The next operation ends like this. */
  failNext(code: string, detail: string): void;
}

/** A stand-in for Storage Transfer Service: jobs are made once, run one at a time, and take three looks. */
export function createTransferService(from: Bucket, to: Bucket): TransferService {
  const jobs = new Map<string, z.output<typeof job>>();
  const operations: Operation[] = [];
  let failure: Operation['failure'];

  const resource = (name: string) => {
    const latest = operations.findLast((operation) => operation.job === name)?.name;
    return { ...jobs.get(name), ...(latest !== undefined && { latestOperationName: latest }) };
  };
  const copy = ({ transferSpec: { gcsDataSink, objectConditions, ...source } }: z.output<typeof job>) => {
    const path = source.awsS3DataSource?.path ?? source.azureBlobStorageDataSource?.path ?? '';
    const found = objectConditions.includePrefixes.flatMap(
      (prefix) => from.list(path + prefix, undefined, 1000).objects,
    );
    for (const { key, bytes } of found) to.put(gcsDataSink.path + key.slice(path.length), bytes);
    return found;
  };

  const look = (operation: Operation) => {
    operation.looks -= 1;
    const made = jobs.get(operation.job);
    if (operation.looks > 0 || made === undefined)
      return {
        name: operation.name,
        metadata: {
          status: 'IN_PROGRESS',
          counters: { bytesFoundFromSource: '30', bytesCopiedToSink: '10' },
        },
      };
    if (operation.failure !== undefined)
      return {
        name: operation.name,
        done: true,
        metadata: {
          status: 'FAILED',
          counters: { objectsFoundFromSource: '1', objectsFromSourceFailed: '1' },
          errorBreakdowns: [
            {
              errorCode: operation.failure.code,
              errorCount: '1',
              errorLogEntries: [{ url: 's3://x', errorDetails: [operation.failure.detail] }],
            },
          ],
        },
      };
    const found = operation.looks === 0 ? copy(made) : [];
    return {
      name: operation.name,
      done: true,
      metadata: { status: 'SUCCESS', counters: { objectsCopiedToSink: String(found.length) } },
      response: {},
    };
  };

  const handle = (exchange: Exchange): boolean => {
    const { method, path, body, query } = exchange;
    if (!path.startsWith('/v1/transfer')) return false;
    const reply = (status: number, value: unknown) =>
      exchange.answer(status, { 'content-type': 'application/json' }, JSON.stringify(value));
    const refuse = (code: number, status: string) =>
      reply(code, { error: { code, status, message: `refused, and it was: ${body}` } });
    const bad = exchange.ask('transfer');
    if (bad?.status !== undefined) {
      refuse(bad.status, bad.code ?? '');
      return true;
    }
    const name = path.slice('/v1/'.length);
    if (method === 'POST' && name === 'transferJobs') {
      const parsed = job.safeParse(JSON.parse(body));
      const made = parsed.data;
      if (made === undefined) refuse(400, 'INVALID_ARGUMENT');
      else if (jobs.has(made.name)) refuse(409, 'ALREADY_EXISTS');
      else {
        jobs.set(made.name, made);
        reply(200, resource(made.name));
      }
    } else if (method === 'POST' && name.endsWith(':run')) {
      const known = name.slice(0, -':run'.length);
      const { projectId } = JSON.parse(body) as { readonly projectId?: string };
      const running = operations.find((operation) => operation.job === known && operation.looks > 0);
      if (jobs.get(known)?.projectId !== projectId) refuse(404, 'NOT_FOUND');
      else if (running !== undefined) refuse(400, 'FAILED_PRECONDITION');
      else {
        operations.push({
          name: `transferOperations/${known.slice('transferJobs/'.length)}-${operations.length}`,
          job: known,
          looks: 3,
          failure,
        });
        failure = undefined;
        reply(200, { name: operations.at(-1)?.name });
      }
    } else if (method === 'GET' && name.startsWith('transferOperations/')) {
      const operation = operations.find((each) => each.name === name);
      if (operation === undefined) refuse(404, 'NOT_FOUND');
      else reply(200, look(operation));
    } else if (method === 'GET' && jobs.get(name)?.projectId === query.get('projectId') && jobs.has(name))
      reply(200, resource(name));
    else refuse(404, 'NOT_FOUND');
    return true;
  };
  return {
    handle,
    jobs,
    operations,
    failNext(code, detail) {
      failure = { code, detail };
    },
  };
}

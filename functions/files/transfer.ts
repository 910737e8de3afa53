import { createHash } from 'node:crypto';
import type { CatchmentError } from '../core/errors.ts';
import { fatal, retryable } from '../core/errors.ts';
import type { Http, RawReply } from '../core/http/http.ts';
import { parsePlace } from './place.ts';
import type { FileSecret, FileSettings } from './source.ts';
import { openGcs } from './stores/gcs.ts';
import type { Store, StoredObject } from './stores/store.ts';
import type { TransferJob, TransferOperation } from './transfer-job.ts';
import { dataSource, progressOf, tellFailure } from './transfer-job.ts';

export interface TransferRequest {
  readonly settings: FileSettings;
  readonly secret: FileSecret;
  readonly http: Http;
  /** Where the object is now. */
  readonly store: Store;
  readonly object: StoredObject;
}

const service = 'https://storagetransfer.googleapis.com/v1';
/** What a transfer moves in a second, roughly; only for when to look again. */
const bytesPerSecond = 100e6;

/** True when Storage Transfer Service can and should fetch this object. */
export function isTransferable(
  { settings, secret }: Pick<TransferRequest, 'settings' | 'secret'>,
  bytes: number,
) {
  return (
    settings.transfer !== undefined &&
    bytes >= settings.transfer.above &&
    dataSource(settings, secret) !== undefined
  );
}

/**
 * Has an object of S3 or Azure copied to GCS by Storage Transfer Service. The job's name comes from the object and its
 * generation, so a run that is repeated finds the same job.
 *
 * @returns the `gs://` URL of the copy, once it is there
 * @throws retryable `deferred` while the service is copying: nobody waits for it; retryable `vendor` when it failed, and
 *   then the next attempt has begun already
 */
export async function transferObject(request: TransferRequest): Promise<string> {
  const { settings, http, store, object } = request;
  const { project, bucket: to } = settings.transfer ?? fail();
  const id = createHash('sha256')
    .update([settings.root, object.key, object.generation].join('\n'))
    .digest('hex')
    .slice(0, 32);
  const sink = parsePlace(`${to.replace(/\/$/, '')}/${id}`);
  if (sink.kind !== 'gs') throw fail();
  const copies = openGcs({ place: sink, http });

  const job = await createJob(request, `transferJobs/catchment-${id}`, sink);
  const operation =
    job.latestOperationName === undefined ? undefined : await readOperation(http, job.latestOperationName);
  if (operation === undefined) {
    await startJob(http, job, project);
    throw waiting(store, object, `its copy to ${to} has begun`);
  }
  if (operation.done !== true) throw waiting(store, object, progressOf(operation));

  const failure = tellFailure(operation);
  const copy = failure === undefined ? await copies.stat(object.key) : undefined;
  if (copy?.bytes === object.bytes) return copies.locate(object.key);
  await startJob(http, job, project);
  // Whoever cleans the bucket may have been faster than the load.
  if (failure === undefined)
    throw waiting(store, object, `its copy is no longer in ${to}, and is made again`);
  throw retryable('vendor', {
    where: store.locate(object.key),
    what: `Storage Transfer Service could not copy the object: ${failure}`,
    got: job.name,
    todo: 'mend that; another attempt has begun, and the next run looks at it',
  });
}

async function createJob(
  { settings, secret, http, object }: TransferRequest,
  name: string,
  sink: { readonly bucket: string; readonly prefix: string },
): Promise<TransferJob> {
  const projectId = settings.transfer?.project ?? '';
  const body = {
    name,
    description: 'Catchment: a large file on its way to BigQuery',
    projectId,
    status: 'ENABLED',
    transferSpec: {
      ...dataSource(settings, secret),
      gcsDataSink: { bucketName: sink.bucket, path: sink.prefix },
      objectConditions: { includePrefixes: [object.key] },
      transferOptions: { overwriteWhen: 'DIFFERENT' },
    },
  };
  const created = await call(http, 'POST', 'transferJobs', body, [409]);
  if (created.status !== 409) return parse(created) as TransferJob;
  return parse(await call(http, 'GET', `${name}?projectId=${encodeURIComponent(projectId)}`)) as TransferJob;
}

/** A job that runs already is what was wanted. */
async function startJob(http: Http, { name }: TransferJob, projectId: string): Promise<void> {
  const reply = await call(http, 'POST', `${name}:run`, { projectId }, [400]);
  if (reply.status === 400 && errorOf(reply).status !== 'FAILED_PRECONDITION') throw refused(reply);
}

async function readOperation(http: Http, name: string): Promise<TransferOperation> {
  return parse(await call(http, 'GET', name)) as TransferOperation;
}

function call(
  http: Http,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  expect: readonly number[] = [],
): Promise<RawReply> {
  return http.send({
    method,
    url: `${service}/${path}`,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
    auth: 'google',
    expect,
    refuse: refused,
  });
}

/** The error for an answer; its text may quote the request, which holds keys, so only its status is taken. */
function refused(reply: RawReply): CatchmentError {
  const { status = '' } = errorOf(reply);
  return fatal(reply.status === 403 ? 'auth' : 'vendor', {
    where: 'storagetransfer.googleapis.com',
    what: `Storage Transfer Service refused (HTTP ${reply.status}, ${status})`,
    todo:
      reply.status === 403
        ? 'grant roles/storagetransfer.user to the pipeline\'s service account, and enable the API in the project of "transfer"'
        : 'check "transfer" of the group in the stack file, or leave it out: then the bytes go through the job',
  });
}

function waiting(store: Store, { key, bytes }: StoredObject, how: string): CatchmentError {
  return retryable('deferred', {
    where: store.locate(key),
    what: `the object is not in GCS yet: ${how}`,
    todo: 'the run goes on when it is called again',
    isOfSlice: true,
    resumeAfterSeconds: Math.min(600, Math.max(60, Math.round(bytes / bytesPerSecond))),
  });
}

function errorOf(reply: RawReply): { readonly status?: string } {
  try {
    return (parse(reply) as { readonly error?: { readonly status?: string } }).error ?? {};
  } catch {
    return {};
  }
}

function parse({ bytes }: RawReply): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function fail(): never {
  throw fatal('internal', { what: 'a transfer was asked for without settings for it' });
}

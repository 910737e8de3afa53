import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CatchmentError } from '../core/errors.ts';
import { createHttp } from '../core/http/client.ts';
import { settleHosts } from '../core/http/hosts.ts';
import { createRedactor } from '../core/secrets.ts';
import { extract } from './extract.ts';
import type { Bucket } from './sandbox/bucket.ts';
import { createBucket } from './sandbox/bucket.ts';
import { startGcsServer } from './sandbox/gcs-server.ts';
import { s3Keys } from './sandbox/places.ts';
import { startS3Server } from './sandbox/s3-server.ts';
import type { StoreServer } from './sandbox/store-server.ts';
import type { TransferService } from './sandbox/transfer-server.ts';
import { createTransferService } from './sandbox/transfer-server.ts';
import { source } from './source.ts';

const now = () => new Date('2026-11-20T06:00:00Z');
const content = 'a,b\n1,2\n3,4\n';
let [from, to]: Bucket[] = [];
let s3: StoreServer;
let google: StoreServer;
let service: TransferService;

beforeEach(async () => {
  [from, to] = [createBucket(now), createBucket(now)];
  service = createTransferService(from, to);
  s3 = await startS3Server({ bucket: from, name: 'exports', region: 'eu-west-1', keys: s3Keys, now });
  google = await startGcsServer({
    bucket: to,
    name: 'landing',
    token: () => 'ya29.t',
    more: service.handle,
    now,
  });
});
afterEach(() => Promise.all([s3.close(), google.close()]));

/** One run of one slice, by the real names of all hosts. */
async function run(
  options: {
    readonly above?: number;
    readonly secret?: object;
    readonly accepts?: readonly ('gs' | 'local')[];
    readonly path?: string;
  } = {},
): Promise<string> {
  const settings = source.settings.parse({
    root: 's3://exports/in',
    region: 'eu-west-1',
    transfer: { project: 'p1', bucket: 'gs://landing/from-s3', above: options.above ?? 10 },
  });
  const secret = source.secret.parse(options.secret ?? { s3: s3Keys });
  const { http } = createHttp({
    policy: source.http ?? { baseUrl: '' },
    hosts: settleHosts(source.hosts, settings),
    standIns: {
      'exports.s3.eu-west-1.amazonaws.com': s3.url,
      'storage.googleapis.com': google.url,
      'storagetransfer.googleapis.com': google.url,
      'metadata.google.internal': google.url,
    },
    secret,
    redactor: createRedactor([secret]),
    where: 'p/g',
    signal: new AbortController().signal,
    now,
    sleep: async () => {},
  });
  const object = from?.get('in/x.csv');
  const batches = extract({
    slice: {
      table: 't',
      origin: 'x.csv',
      object: { generation: object?.md5.toString('hex') ?? '', bytes: content.length },
      options: { path: 'x.csv' },
    },
    settings,
    secret,
    http,
    signal: new AbortController().signal,
    log: { debug() {}, info() {}, warn() {} },
    columns: [],
    accepts: options.accepts ?? ['gs'],
    scratch: async () => '/nowhere',
    ahead: [],
  });
  const [batch] = await Array.fromAsync(batches);
  return batch !== undefined && 'files' in batch ? (batch.files[0]?.path ?? '') : '';
}

const failureOf = (end: Promise<unknown>): Promise<CatchmentError> =>
  end.then(
    (value) => expect.fail(`it ended with ${value}`),
    (error) => error,
  );

describe('a large object of S3 on its way to BigQuery', () => {
  beforeEach(() => from?.put('in/x.csv', content));

  it('is copied by Storage Transfer Service while nobody waits, and then loaded from GCS', async () => {
    const begun = await failureOf(run());
    expect(begun).toMatchObject({
      code: 'deferred',
      facts: { isOfSlice: true, resumeAfterSeconds: 60 },
      message:
        '[s3://exports/in/x.csv] the object is not in GCS yet: its copy to gs://landing/from-s3 has begun; the run goes on when it is called again',
    });
    expect((await failureOf(run())).message).toContain(
      'the object is not in GCS yet: in progress, 10 of 30 bytes are copied',
    );
    await failureOf(run());
    const url = await run();
    expect(url).toMatch(/^gs:\/\/landing\/from-s3\/[\da-f]{32}\/x\.csv$/);
    expect(to?.get(url.replace('gs://landing/', ''))?.bytes.toString()).toBe(content);
    expect(s3.bytesServed + google.bytesServed).toBe(0);
    expect([service.jobs.size, service.operations.length]).toEqual([1, 1]);
  });

  it('has one job for one generation, however often a run begins anew, and another one for the next', async () => {
    await failureOf(run());
    const [first] = service.jobs.keys();
    await failureOf(run());
    expect([...service.jobs.keys()]).toEqual([first]);
    from?.put('in/x.csv', content.replace('1', '9'));
    await failureOf(run());
    expect(service.jobs.size).toBe(2);
  });

  it('tells why a copy failed, and has begun again by then', async () => {
    service.failNext('PERMISSION_DENIED', 'the key may not read x.csv');
    for (let count = 0; count < 3; count += 1) await failureOf(run());
    const failed = await failureOf(run());
    expect(failed.message).toContain(
      'could not copy the object: FAILED, 1 objects failed; PERMISSION_DENIED (1): the key may not read x.csv',
    );
    expect(failed.kind).toBe('retryable');
    expect(service.operations).toHaveLength(2);
    for (let count = 0; count < 2; count += 1) await failureOf(run());
    expect(await run()).toMatch(/^gs:/);
  });

  it('is copied again when the copy was cleaned away before it was loaded', async () => {
    for (let count = 0; count < 3; count += 1) await failureOf(run());
    const url = await run();
    to?.remove(url.replace('gs://landing/', ''));
    expect((await failureOf(run())).message).toContain('its copy is no longer in gs://landing/from-s3');
    for (let count = 0; count < 2; count += 1) await failureOf(run());
    expect(await run()).toBe(url);
  });

  it('says which role is missing, and shows no key, though the service quotes the request', async () => {
    google.misbehave(({ kind }) =>
      kind === 'transfer' ? { status: 403, code: 'PERMISSION_DENIED' } : undefined,
    );
    const refused = await failureOf(run());
    expect(refused.message).toContain('grant roles/storagetransfer.user');
    expect(JSON.stringify(refused.facts)).not.toContain(s3Keys.secretAccessKey);
  });
});

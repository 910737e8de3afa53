import type { Fault, Sandbox } from '../../core/sandbox.ts';
import type { Bucket } from './bucket.ts';
import { createBucket, fillBucket } from './bucket.ts';
import { startGcsServer } from './gcs-server.ts';
import { startS3Server } from './s3-server.ts';
import type { Misbehave } from './store-server.ts';

/** A fault of a store, with how it is arranged. */
export interface StoreFault extends Fault {
  readonly arrange: (bucket: Bucket) => Arranged;
}

interface Arranged {
  readonly misbehave?: Misbehave;
  readonly allow?: { readonly list?: boolean; readonly read?: boolean };
  /** The bucket that there is. @default the one that is asked for */
  readonly name?: string;
  /** The token that is taken and handed out now. */
  readonly token?: () => string;
}

/** What a store does, to whichever object; the files themselves are sound. */
export const storeFaults: readonly StoreFault[] = [
  {
    name: 's3-cut-connections',
    variant: 's3',
    what: 'each object breaks off once in the middle',
    ends: 'succeeded',
    arrange: () => {
      const cut = new Set<string | undefined>();
      return {
        misbehave: ({ kind, key }) => {
          if (kind !== 'read' || cut.has(key)) return undefined;
          cut.add(key);
          return { cutAfter: 1000 };
        },
      };
    },
  },
  {
    name: 's3-slow-down',
    variant: 's3',
    what: 'every third call is told to slow down',
    ends: 'succeeded',
    arrange: () => ({
      misbehave: ({ count }) => (count % 3 === 1 ? { status: 503, code: 'SlowDown' } : undefined),
    }),
  },
  {
    name: 's3-may-not-list',
    variant: 's3',
    what: 'the key may read objects but not list them, and all paths are plain names',
    ends: 'succeeded',
    arrange: () => ({ allow: { list: false } }),
  },
  {
    name: 's3-expired-session',
    variant: 's3',
    what: 'the session of the key has ended',
    ends: 'failed',
    says: 'the credentials have expired (HTTP 400, ExpiredToken); store new ones in the field',
    arrange: () => ({ misbehave: () => ({ status: 400, code: 'ExpiredToken' }) }),
  },
  {
    name: 's3-no-bucket',
    variant: 's3',
    what: 'there is no such bucket',
    ends: 'failed',
    says: 'there is no such bucket (HTTP 404, NoSuchBucket); correct root of the group',
    arrange: () => ({ name: 'another' }),
  },
  {
    name: 's3-garbled-object',
    variant: 's3',
    what: 'stocks.csv arrives with a wrong byte',
    ends: 'partial',
    says: 'the object did not arrive whole: its md5 is',
    arrange: () => ({
      misbehave: ({ key }) => (key?.endsWith('stocks.csv') === true ? { garble: true } : undefined),
    }),
  },
  {
    name: 'gs-replaced-object',
    variant: 'gs',
    what: 'stocks.csv is replaced in the middle of its reading',
    ends: 'partial',
    says: 'the object was replaced or deleted while it was read (HTTP 412, conditionNotMet)',
    arrange: (bucket) => ({
      misbehave: ({ kind, key = '' }) => {
        if (kind !== 'read' || !key.endsWith('stocks.csv')) return undefined;
        // It takes effect behind this answer, which is cut so that there is a second one.
        queueMicrotask(() => bucket.put(key, 'symbol,date,price\nMSFT,Jan 1 2000,1\n'));
        return { cutAfter: 1000 };
      },
    }),
  },
  {
    name: 'gs-token-taken-back',
    variant: 'gs',
    what: 'the token of the service account ends with every tenth call',
    ends: 'succeeded',
    arrange: () => {
      let calls = 0;
      return {
        token: () => `ya29.sandbox-${Math.floor(calls / 10)}`,
        misbehave: () => {
          calls += 1;
          return undefined;
        },
      };
    },
  },
  {
    name: 'gs-may-not-read',
    variant: 'gs',
    what: 'the service account has no role on the bucket',
    ends: 'failed',
    says: 'the object may not be read (HTTP 403, forbidden); grant storage.objects.get',
    arrange: () => ({ allow: { list: false, read: false } }),
  },
];

const name = 'vega';
const prefix = 'samples/';
const keys = {
  accessKeyId: 'AKIASANDBOXOFFILES00',
  secretAccessKey: 'sandbox/of+files/does+not+open/anything0',
  sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLESESSIONOFTHESANDBOX',
};
const region = 'eu-central-1';

/** Serves the files of a folder from a bucket. */
export async function startRemote(
  kind: 'gs' | 's3',
  {
    folder,
    fault,
    now,
  }: { readonly folder: string; readonly fault: string | undefined; readonly now: () => Date },
): Promise<Sandbox> {
  const bucket = createBucket(now);
  await fillBucket(bucket, folder, prefix);
  const arranged = storeFaults.find((known) => known.name === fault)?.arrange(bucket) ?? {};
  const options = { bucket, now, name, ...arranged };
  const server =
    kind === 'gs'
      ? await startGcsServer({ token: () => 'ya29.sandbox', ...options })
      : await startS3Server({ region, keys, ...options });
  return {
    baseUrl: server.url,
    secret: kind === 'gs' ? {} : { s3: keys },
    settings:
      kind === 'gs'
        ? { root: `gs://${name}/${prefix}` }
        : { root: `s3://${name}/${prefix}`, region, endpoint: server.url },
    requests: server.requests,
    close: server.close,
  };
}

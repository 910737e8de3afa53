import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createHttp } from '../../core/http/client.ts';
import { settleHosts } from '../../core/http/hosts.ts';
import type { Http, HttpStats } from '../../core/http/http.ts';
import { createRedactor } from '../../core/secrets.ts';
import type { FileSecret, FileSettings } from '../source.ts';
import { source } from '../source.ts';
import { openStore } from '../stores/open-store.ts';
import type { Store } from '../stores/store.ts';
import type { Azurite } from './azurite.ts';
import { account, accountKey, startAzurite } from './azurite.ts';
import { createBucket } from './bucket.ts';
import { startGcsServer } from './gcs-server.ts';
import { startS3Server } from './s3-server.ts';
import type { Misbehave, StoreServer } from './store-server.ts';

export const placeKinds = ['local', 'gs', 's3', 'azure'] as const;
export type PlaceKind = (typeof placeKinds)[number];

export const s3Keys = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
export const s3Region = 'eu-central-1';

/** An empty place of one kind, for tests: the same in every store. */
export interface TestPlace {
  readonly kind: PlaceKind;
  readonly settings: FileSettings;
  readonly secret: FileSecret;
  /** Replaces the source's; undefined for places that settings alone find. */
  readonly baseUrl: string | undefined;
  readonly http: Http;
  readonly stats: HttpStats;
  /** How long calls waited before they were sent again. */
  readonly waits: readonly number[];
  readonly requests: readonly string[];
  /** Bytes of objects that the server sent. */
  bytesServed(): number;
  put(key: string, content: string | Uint8Array, more?: { readonly contentEncoding?: string }): Promise<void>;
  remove(key: string): Promise<void>;
  misbehave(how: Misbehave | undefined): void;
  openStore(overrides?: {
    readonly settings?: Partial<FileSettings>;
    readonly secret?: FileSecret;
  }): Promise<Store>;
  close(): Promise<void>;
}

export interface TestPlaceOptions {
  readonly allow?: { readonly list?: boolean; readonly read?: boolean };
  /** Objects in a page of a list. @default 1000 */
  readonly pageSize?: number;
  readonly sessionToken?: string;
  /** @default "token-1" */
  readonly token?: () => string;
}

/** @param azurite one that is up already; needed for `azure` */
export async function openPlace(
  kind: PlaceKind,
  { azurite, ...options }: TestPlaceOptions & { readonly azurite?: Azurite | undefined } = {},
): Promise<TestPlace> {
  const origin = await openers[kind](options, azurite);
  const settings = source.settings.parse(origin.settings);
  const secret = origin.secret;
  const waits: number[] = [];
  const openHttp = (used: FileSettings, known: FileSecret) =>
    createHttp({
      policy: source.http ?? { baseUrl: '' },
      hosts: settleHosts(source.hosts, used),
      baseUrl: origin.baseUrl,
      secret: known,
      redactor: createRedactor([known]),
      where: 'p/g',
      signal: new AbortController().signal,
      sleep: async (ms) => void waits.push(ms),
      random: () => 0.5,
    });
  const { http, stats } = openHttp(settings, secret);
  const { signal } = new AbortController();
  return {
    kind,
    settings,
    secret,
    baseUrl: origin.baseUrl,
    http,
    stats,
    waits,
    get requests() {
      return origin.requests();
    },
    bytesServed: origin.bytesServed,
    put: origin.put,
    remove: origin.remove,
    misbehave: origin.misbehave,
    openStore: (overrides = {}) => {
      const used = { ...settings, ...overrides.settings };
      const known = overrides.secret ?? secret;
      const isOwn = overrides.secret === undefined && overrides.settings === undefined;
      return openStore({
        where: 't',
        settings: used,
        secret: known,
        http: isOwn ? http : openHttp(used, known).http,
        signal,
      });
    },
    close: origin.close,
  };
}

type Origin = Pick<TestPlace, 'bytesServed' | 'put' | 'remove' | 'misbehave' | 'close' | 'secret'> & {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly baseUrl: string | undefined;
  readonly requests: () => readonly string[];
};

type Opener = (options: TestPlaceOptions, azurite: Azurite | undefined) => Promise<Origin>;

const openers: Readonly<Record<PlaceKind, Opener>> = {
  async local() {
    const root = await mkdtemp(join(tmpdir(), 'catchment-place-'));
    return {
      settings: { root },
      secret: {},
      baseUrl: undefined,
      requests: () => [],
      bytesServed: () => 0,
      async put(key, content) {
        await mkdir(dirname(join(root, key)), { recursive: true });
        await writeFile(join(root, key), content);
      },
      remove: (key) => rm(join(root, key)),
      misbehave: () => {},
      close: () => rm(root, { recursive: true, force: true }),
    };
  },
  async gs({ token = () => 'token-1', ...options }) {
    const bucket = createBucket(() => new Date('2026-11-20T06:00:00Z'));
    const server = await startGcsServer({ ...options, bucket, name: 'exports', token });
    return { ...ofServer(server), settings: { root: 'gs://exports/in' }, secret: {}, baseUrl: server.url };
  },
  async s3({ sessionToken, ...options }) {
    const bucket = createBucket(() => new Date('2026-11-20T06:00:00Z'));
    const keys = { ...s3Keys, ...(sessionToken !== undefined && { sessionToken }) };
    const server = await startS3Server({ ...options, bucket, name: 'exports', region: s3Region, keys });
    return {
      ...ofServer(server),
      settings: { root: 's3://exports/in', region: s3Region, endpoint: server.url },
      secret: { s3: keys },
      baseUrl: undefined,
    };
  },
  async azure(_options, azurite) {
    const server = azurite ?? (await startAzurite());
    const container = `exports-${Math.round(performance.now() * 1000)}`;
    await server.createContainer(container);
    const before = server.bytesServed;
    const first = server.requests.length;
    return {
      settings: { root: `azure://${account}/${container}/in`, endpoint: server.endpoint },
      secret: { azure: { accountKey } },
      baseUrl: undefined,
      requests: () => server.requests.slice(first),
      bytesServed: () => server.bytesServed - before,
      put: (key, content, more = {}) =>
        server.put(container, `in/${key}`, Buffer.from(content as Uint8Array), more.contentEncoding),
      remove: (key) => server.remove(container, `in/${key}`),
      misbehave: server.misbehave,
      close: async () => {
        server.misbehave(undefined);
        if (azurite === undefined) await server.close();
      },
    };
  },
};

function ofServer(server: StoreServer) {
  return {
    requests: () => server.requests,
    bytesServed: () => server.bytesServed,
    put: async (key: string, content: string | Uint8Array, more?: { readonly contentEncoding?: string }) =>
      void server.bucket.put(`in/${key}`, content, more),
    remove: async (key: string) => server.bucket.remove(`in/${key}`),
    misbehave: server.misbehave,
    close: server.close,
  };
}

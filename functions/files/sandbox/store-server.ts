import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bucket, BucketObject } from './bucket.ts';

/** What a request asks for, whatever the protocol. */
export interface Ask {
  readonly kind: 'list' | 'stat' | 'read' | 'token' | 'transfer';
  readonly key?: string | undefined;
  /** Requests of this kind since the misbehaviour was set, this one included. */
  readonly count: number;
}

/** Instead of what is right. */
export interface Misbehaviour {
  readonly status?: number;
  /** The protocol's own word for it. */
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection is cut after so many bytes of the body. */
  readonly cutAfter?: number;
  /** The bytes that are sent have an error in them. */
  readonly garble?: boolean;
}

export type Misbehave = (ask: Ask) => Misbehaviour | undefined;

export interface StoreServerOptions {
  readonly bucket: Bucket;
  /** @default the wall clock */
  readonly now?: (() => Date) | undefined;
  /** @default never */
  readonly misbehave?: Misbehave | undefined;
  /** Objects in a page of a list, at most. @default what the vendor allows */
  readonly pageSize?: number | undefined;
}

export interface StoreServer {
  /** Without a slash at its end. */
  readonly url: string;
  readonly bucket: Bucket;
  readonly requests: readonly string[];
  /** Bytes of objects that were sent so far. */
  readonly bytesServed: number;
  /** Takes effect with the next request. */
  misbehave(how: Misbehave | undefined): void;
  close(): Promise<void>;
}

/** One request, and the ways to answer it. */
export interface Exchange {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** The misbehaviour for this request, if it is to be misbehaved. */
  ask(kind: Ask['kind'], key?: string): Misbehaviour | undefined;
  answer(status: number, headers: Readonly<Record<string, string>>, body?: string): void;
  /** Sends an object, or the range of it that `range` names. */
  sendObject(
    object: BucketObject,
    headers: Readonly<Record<string, string>>,
    range: string | undefined,
  ): void;
}

/** Serves one bucket on loopback; `handle` knows the protocol. */
export async function startStoreServer(
  options: StoreServerOptions,
  handle: (exchange: Exchange) => void,
): Promise<StoreServer> {
  const requests: string[] = [];
  const counts = new Map<string, number>();
  let { misbehave } = options;
  let bytesServed = 0;

  const server = createServer(async (incoming, response) => {
    const target = incoming.url ?? '/';
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    requests.push(`${incoming.method} ${target}`);
    const [path = '', search = ''] = target.split('?', 2);
    let bad: Misbehaviour | undefined;
    handle({
      method: incoming.method ?? 'GET',
      target,
      path,
      query: new URLSearchParams(search),
      headers: incoming.headers,
      rawHeaders: incoming.rawHeaders,
      body: Buffer.concat(chunks).toString(),
      ask(kind, key) {
        const count = (counts.get(kind) ?? 0) + 1;
        counts.set(kind, count);
        bad = misbehave?.({ kind, key, count });
        return bad;
      },
      answer(status, headers, body = '') {
        response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
        response.end(incoming.method === 'HEAD' ? undefined : body);
      },
      sendObject(object, headers, range) {
        bytesServed += sendBytes(response, object, headers, range, bad);
      },
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket: options.bucket,
    requests,
    get bytesServed() {
      return bytesServed;
    },
    misbehave(how) {
      counts.clear();
      misbehave = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @returns the bytes that were sent */
function sendBytes(
  response: ServerResponse,
  { bytes }: BucketObject,
  headers: Readonly<Record<string, string>>,
  range: string | undefined,
  bad: Misbehaviour | undefined,
): number {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const from = Number(first ?? 0);
  const to = Math.min(last === undefined || last === '' ? bytes.length - 1 : Number(last), bytes.length - 1);
  if (from > to && first !== undefined) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.length}`, 'content-length': 0 });
    response.end();
    return 0;
  }
  let part = bytes.subarray(from, to + 1);
  if (bad?.garble === true) {
    part = Buffer.from(part);
    part.writeUInt8((part.readUInt8(0) + 1) % 256, 0);
  }
  response.writeHead(first === undefined ? 200 : 206, {
    ...headers,
    'content-length': part.length,
    ...(first !== undefined && { 'content-range': `bytes ${from}-${to}/${bytes.length}` }),
  });
  if (bad?.cutAfter === undefined || bad.cutAfter >= part.length) {
    response.end(part);
    return part.length;
  }
  response.write(part.subarray(0, bad.cutAfter), () => response.destroy());
  return bad.cutAfter;
}

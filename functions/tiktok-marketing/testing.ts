import { serve } from '@hono/node-server';
import type { DayWindow } from '../core/cursor.ts';
import type { Log, Row } from '../core/extract.ts';
import { createHttp } from '../core/http/client.ts';
import type { Http } from '../core/http/http.ts';
import { createRedactor } from '../core/secrets.ts';
import { extract } from './extract.ts';
import { credentials } from './sandbox/oauth.ts';
import { startSandbox, type TikTokSandboxOptions } from './sandbox.ts';
import { source } from './source.ts';

export interface SliceRows {
  readonly rows: readonly Row[];
  readonly total: number | undefined;
}

/** The extractor before a server on loopback, with a clock that only waits move. */
export interface Reader {
  readonly log: readonly string[];
  readonly waits: readonly number[];
  readonly requests: readonly string[];
  report(origin: string, window: DayWindow, legacyEstimates?: boolean): Promise<SliceRows>;
  snapshot(table: 'campaigns' | 'adgroups' | 'ads' | 'advertisers', origin: string): Promise<SliceRows>;
  close(): Promise<void>;
}

const startOfTests = Date.parse('2026-11-20T06:00:00Z');

/** Reads from the sandbox. */
export async function openReader(options: TikTokSandboxOptions = {}): Promise<Reader> {
  let clock = startOfTests;
  const now = () => new Date(clock);
  const sandbox = await startSandbox({ now, ...options });
  const sleep = async (ms: number) => {
    clock += ms;
  };
  return createReader({
    baseUrl: sandbox.baseUrl ?? '',
    requests: sandbox.requests,
    now,
    sleep,
    close: sandbox.close,
  });
}

/** Reads from a server that answers what the test says. */
export async function openScript(answer: (path: string, query: URLSearchParams) => unknown): Promise<Reader> {
  let clock = startOfTests;
  const requests: string[] = [];
  const fetch = (request: Request) => {
    const { pathname, search, searchParams } = new URL(request.url);
    requests.push(`GET ${pathname}${search}`);
    return Response.json(answer(pathname.slice(1), searchParams));
  };
  const { server, port } = await new Promise<{ server: ReturnType<typeof serve>; port: number }>(
    (resolve) => {
      const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, (info) =>
        resolve({ server, port: info.port }),
      );
    },
  );
  return createReader({
    baseUrl: `http://127.0.0.1:${port}/`,
    requests,
    now: () => new Date(clock),
    sleep: async (ms) => {
      clock += ms;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  });
}

interface ReaderOptions {
  readonly baseUrl: string;
  readonly requests: readonly string[];
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

function createReader({ baseUrl, requests, now, sleep, close }: ReaderOptions): Reader {
  const waits: number[] = [];
  const lines: string[] = [];
  const keep = (fields: unknown, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: keep, info: keep, warn: keep };
  const secret = { ...credentials };
  const { signal } = new AbortController();
  const { http }: { http: Http } = createHttp({
    policy: source.http ?? { baseUrl },
    hosts: source.hosts,
    baseUrl,
    secret,
    redactor: createRedactor([secret]),
    where: 'test',
    signal,
    now,
    sleep: async (ms) => {
      waits.push(ms);
      await sleep(ms);
    },
  });
  type Slice = Parameters<typeof extract>[0]['slice'];
  const whole = {
    columns: [],
    accepts: [],
    ahead: [],
    scratch: () => Promise.reject(new Error('no files')),
  } as const;
  const read = async (slice: Slice, legacyEstimates: boolean): Promise<SliceRows> => {
    const settings = { advertiserIds: [slice.origin], legacyEstimates };
    const rows: Row[] = [];
    let total: number | undefined;
    for await (const batch of extract({ slice, settings, secret, http, signal, log, ...whole })) {
      if (!('rows' in batch)) throw new Error('this source yields rows');
      rows.push(...batch.rows);
      if (batch.total !== undefined) total = (total ?? 0) + batch.total;
    }
    return { rows, total };
  };
  return {
    log: lines,
    waits,
    requests,
    report: (origin, window, legacyEstimates = false) =>
      read({ table: 'ad_report_daily', origin, window, options: undefined }, legacyEstimates),
    snapshot: (table, origin) => read({ table, origin, options: undefined }, false),
    close,
  };
}

import { systemSleep } from '../clock.ts';
import { fatal } from '../errors.ts';
import { createHttp } from '../http/client.ts';
import { settleHosts } from '../http/hosts.ts';
import type { Http, HttpStats } from '../http/http.ts';
import { createRedactor } from '../secrets.ts';
import type { ActiveRun } from './active-run.ts';
import type { RunSetup } from './setup.ts';

/** What the network is opened with: a part of a run, or of a question about a source. */
export interface NetworkOptions {
  readonly request: Pick<ActiveRun['request'], 'source' | 'baseUrl' | 'standIns' | 'signal' | 'sleep'>;
  readonly setup: Pick<RunSetup, 'where' | 'settings' | 'secret' | 'now'>;
}

/** The network as this run may use it, and what it costs. */
export function openHttp({ request, setup }: NetworkOptions): { http: Http; stats: HttpStats } {
  const { source } = request;
  if (source.http === undefined)
    return { http: noHttp(setup), stats: { calls: 0, retries: 0, bytes: 0, waitedMs: 0 } };
  return createHttp({
    policy: source.http,
    hosts: settleHosts(source.hosts, setup.settings),
    ...(request.baseUrl === undefined ? {} : { baseUrl: request.baseUrl }),
    standIns: request.standIns,
    secret: setup.secret,
    redactor: createRedactor([setup.secret]),
    where: setup.where,
    signal: request.signal ?? new AbortController().signal,
    now: setup.now,
    sleep: request.sleep ?? systemSleep,
  });
}

function noHttp({ where }: Pick<RunSetup, 'where'>): Http {
  const refusal = (path: string) =>
    fatal('host-not-allowed', { where, what: 'this source declares no http', got: path });
  const refuse = async (path: string) => {
    throw refusal(path);
  };
  return {
    get: refuse,
    post: refuse,
    send: async ({ url }) => refuse(url),
    // biome-ignore lint/correctness/useYield: it refuses before anything could be yielded
    stream: async function* ({ url }) {
      throw refusal(url);
    },
    charge() {},
  };
}

import { serve } from '@hono/node-server';
import type { Sandbox, SandboxOptions } from '../core/sandbox.ts';
import { createApp } from './sandbox/app.ts';
import { startBehaviour } from './sandbox/faults.ts';
import { credentials } from './sandbox/oauth.ts';
import { createWorld, shapes, type WorldShape } from './sandbox/world.ts';

export { faults } from './sandbox/faults.ts';

export interface TikTokSandboxOptions extends SandboxOptions {
  /** Instead of the one that `size` names. */
  readonly shape?: WorldShape;
  /** Rows times metrics beyond which a report is answered 40067. @default 80_000, about 3,500 rows of our 23 metrics */
  readonly maxCells?: number;
  /** Ads after which a report is cut off without a word. @default 20_000 */
  readonly maxAds?: number;
}

/**
 * TikTok's Marketing API v1.3 on loopback: two advertisers, 12 ads (`small`) or 400 (`full`), figures since 2025 up to
 * yesterday. It checks tokens, parameters and limits the way the vendor does.
 */
export async function startSandbox(options: TikTokSandboxOptions = {}): Promise<Sandbox> {
  const { seed = 1, now = () => new Date(), size = 'small', fault, port = 0 } = options;
  const requests: string[] = [];
  const behaviour = startBehaviour(fault);
  const world = createWorld(seed, options.shape ?? shapes[size]);
  const app = createApp({
    seed,
    now,
    world,
    behaviour,
    maxCells: behaviour.maxCells ?? options.maxCells ?? 80_000,
    maxAds: options.maxAds ?? 20_000,
    pageCap: behaviour.pageCap ?? 1000,
    onRequest: (line) => requests.push(line),
  });
  const { server, address } = await listen(app.fetch, port);
  return {
    baseUrl: `http://127.0.0.1:${address}/open_api/v1.3/`,
    secret: { ...credentials },
    settings: { advertiserIds: world.map(({ id }) => id) },
    requests,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

type Fetch = Parameters<typeof serve>[0]['fetch'];

function listen(fetch: Fetch, port: number) {
  return new Promise<{ server: ReturnType<typeof serve>; address: number }>((resolve, reject) => {
    const server = serve({ fetch, port, hostname: '127.0.0.1' }, (info) =>
      resolve({ server, address: info.port }),
    );
    server.on('error', reject);
  });
}

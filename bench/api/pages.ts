import { createServer, type ServerResponse } from 'node:http';
import { createApp } from '../../functions/tiktok-marketing/sandbox/app.ts';
import { startBehaviour } from '../../functions/tiktok-marketing/sandbox/faults.ts';
import { createWorld } from '../../functions/tiktok-marketing/sandbox/world.ts';
import { today } from './days.ts';

/**
 * A process that serves TikTok's pages: the sandbox answers each request once, and the bytes are served from then on,
 * so that what is measured is the reader. `GET /recorded` lists the requests so far. Sends its port to its parent.
 */
const pages = new Map<string, Buffer>();
let clock = Date.parse(today);
const unlimited = 1e9;

const app = createApp({
  seed: 1,
  // The sandbox counts requests per second; here a second passes with each of them.
  now: () => {
    clock += 1000;
    return new Date(clock);
  },
  world: createWorld(1, { campaigns: 30, adgroupsPerCampaign: 4, adsPerAdgroup: 5 }),
  behaviour: startBehaviour(undefined),
  maxCells: unlimited,
  maxAds: unlimited,
  pageCap: 1000,
  onRequest: () => {},
});

const server = createServer(({ url = '', headers }, response) => {
  if (url === '/recorded') return send(response, Buffer.from(JSON.stringify([...pages.keys()])));
  const known = pages.get(url);
  if (known !== undefined) return send(response, known);
  const request = new Request(`http://127.0.0.1${url}`, {
    headers: { 'access-token': String(headers['access-token']) },
  });
  Promise.resolve(app.fetch(request))
    .then(async (answer) => {
      const bytes = Buffer.from(await answer.arrayBuffer());
      pages.set(url, bytes);
      send(response, bytes);
    })
    .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('disconnect', () => process.exit());

function send(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
}

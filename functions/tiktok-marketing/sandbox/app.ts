import { Hono } from 'hono';
import { type Envelope, VendorError } from './answer.ts';
import { type Day, today } from './day.ts';
import { listAdGroups, listAds, listAdvertisers, listCampaigns, unknownAdvertiser } from './entities.ts';
import type { Behaviour } from './faults.ts';
import { createLimits } from './limits.ts';
import { checkToken, createOAuth } from './oauth.ts';
import { createParams, type Params } from './params.ts';
import { readReport } from './report.ts';
import type { Advertiser } from './world.ts';

export interface AppOptions {
  readonly seed: number;
  readonly now: () => Date;
  readonly world: readonly Advertiser[];
  readonly behaviour: Behaviour;
  readonly maxCells: number;
  readonly maxAds: number;
  readonly pageCap: number;
  readonly onRequest: (line: string) => void;
}

/** Bindings of `@hono/node-server`: what a fault needs to cut the connection. */
interface Bindings {
  readonly incoming?: { readonly socket: { destroy(): void } };
}

const root = '/open_api/v1.3/';

/** TikTok's API as one function from request to response. */
export function createApp(options: AppOptions): Hono<{ Bindings: Bindings }> {
  const { seed, now, world, behaviour, maxCells, maxAds, pageCap, onRequest } = options;
  const limits = createLimits(now);
  const oauth = createOAuth(world);
  let served = 0;

  const findAdvertiser = (params: Params): Advertiser => {
    const id = params.required('advertiser_id');
    if (!/^\d+$/.test(id)) throw new VendorError(40002, 'advertiser_id: Not a valid integer.');
    const advertiser = world.find((candidate) => candidate.id === id);
    if (advertiser === undefined) throw unknownAdvertiser(id);
    return advertiser;
  };

  const lists: Readonly<Record<string, (params: Params, day: Day) => unknown>> = {
    'advertiser/info/': (params) => listAdvertisers(params, world),
    'campaign/get/': (params, day) => listCampaigns(params, findAdvertiser(params), day),
    'adgroup/get/': (params, day) => listAdGroups(params, findAdvertiser(params), day),
    'ad/get/': (params, day) => listAds(params, findAdvertiser(params), day),
    'report/integrated/get/': (params, day) =>
      readReport(params, findAdvertiser(params), { seed, today: day, maxCells, maxAds }),
  };

  const serve = async (path: string, request: Request, query: Readonly<Record<string, string>>) => {
    if (path === 'oauth2/access_token/') {
      if (request.method !== 'POST') throw new VendorError(40117, 'The method is not allowed.');
      return oauth.exchange(await request.json().catch(() => undefined));
    }
    const list = lists[path];
    if (list === undefined && path !== 'oauth2/advertiser/get/')
      throw new VendorError(40400, `No route for ${path}.`);
    if (request.method !== 'GET') throw new VendorError(40117, 'The method is not allowed.');
    checkToken(request.headers.get('access-token') ?? undefined);
    return list === undefined ? oauth.advertisers(query) : list(createParams(query, pageCap), today(now()));
  };

  const app = new Hono<{ Bindings: Bindings }>();
  app.all('*', async (context) => {
    const url = new URL(context.req.url);
    url.searchParams.delete('secret');
    onRequest(`${context.req.method} ${url.pathname}${url.search}`);
    if (!url.pathname.startsWith(root) || !url.pathname.endsWith('/'))
      return context.text('404 page not found', 404);

    const path = url.pathname.slice(root.length);
    const query = context.req.query();
    served += 1;
    const requestId = `${now().toISOString().slice(0, 19).replaceAll(/[-T:]/g, '')}${String(served).padStart(8, '0')}`;
    const envelope = await answer(requestId, async () => {
      limits.take(query.advertiser_id, path);
      behaviour.before?.({ path, query, served });
      return await serve(path, context.req.raw, query);
    });
    const body = behaviour.body?.({ path, query, envelope }) ?? JSON.stringify(envelope);
    switch (behaviour.transport?.({ path, served }) ?? 'whole') {
      case 'reset':
        context.env.incoming?.socket.destroy();
        return context.body(null);
      case 'cut':
        return context.body(body.slice(0, body.length / 2), 200, { 'content-type': 'application/json' });
      case 'http-500':
        return context.html('<html><body>Internal Server Error</body></html>', 500);
      case 'whole':
        return context.body(body, 200, { 'content-type': 'application/json; charset=utf-8' });
    }
  });
  return app;
}

async function answer(requestId: string, serve: () => Promise<unknown>): Promise<Envelope> {
  try {
    return { code: 0, message: 'OK', request_id: requestId, data: await serve() };
  } catch (error) {
    if (!(error instanceof VendorError)) throw error;
    return { code: error.code, message: error.message, request_id: requestId, data: {} };
  }
}

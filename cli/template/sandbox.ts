import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fault, Sandbox, SandboxOptions } from '../../functions/core/sandbox.ts';

const token = 'sandbox-token-4b1d7c';
const pageSize = 50;

export const faults: readonly Fault[] = [
  { name: 'unavailable', what: 'answers the first request with 503', ends: 'succeeded' },
  { name: 'lost-page', what: 'leaves out the last page', ends: 'failed', says: 'announced' },
];

/** Speaks the vendor's protocol on loopback: it checks what the vendor checks. */
export async function startSandbox({
  size = 'small',
  fault,
  port = 0,
}: SandboxOptions = {}): Promise<Sandbox> {
  const items = makeItems(size === 'small' ? 120 : 400);
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: 'wrong token' });
    if (url.pathname !== '/v1/items') return answer(404, { error: 'no such path' });
    if (fault === 'unavailable' && requests.length === 1) return answer(503, { error: 'try again' });
    answer(200, pageOf(items, url.searchParams, fault === 'lost-page'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`,
    secret: { token },
    settings: { includeDrafts: true },
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Item = ReturnType<typeof makeItems>[number];

function pageOf(items: readonly Item[], query: URLSearchParams, isLastLost: boolean) {
  const wanted = items.filter(({ is_draft }) => !is_draft || query.get('drafts') === 'true');
  const page = Number(query.get('page') ?? 1);
  const pages = Math.ceil(wanted.length / pageSize) - (isLastLost ? 1 : 0);
  return {
    total: wanted.length,
    next_page: page < pages ? page + 1 : null,
    items: wanted.slice((page - 1) * pageSize, page * pageSize),
  };
}

function makeItems(count: number) {
  return Array.from({ length: count }, (_, at) => ({
    id: `item-${at + 1}`,
    name: `Item ${at + 1}`,
    price: (at * 0.25 + 1).toFixed(2),
    is_draft: at % 10 === 9,
    updated_at: new Date(Date.UTC(2026, 0, 1, at)).toISOString(),
  }));
}

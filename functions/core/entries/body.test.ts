import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TidePipeline } from '../../../tests/fixtures/tide-pipeline.ts';
import { openTidePipeline } from '../../../tests/fixtures/tide-pipeline.ts';
import type { TideVendor } from '../../../tests/fixtures/tide-vendor.ts';
import { startTideVendor } from '../../../tests/fixtures/tide-vendor.ts';
import type { Entry } from './entry.ts';

let vendor: TideVendor;
let tides: TidePipeline;

beforeAll(async () => {
  vendor = await startTideVendor();
  tides = await openTidePipeline(vendor);
});

afterAll(async () => {
  await vendor.close();
  tides.close();
});

describe('the handler without the framework', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    for (const [name, value] of Object.entries(tides.env)) vi.stubEnv(name, value);
    const entry: Pick<Entry, 'handler'> = await import(pathToFileURL(tides.bundle.file).href);
    server = createServer(entry.handler).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    server.close();
  });

  it('reads bodies by itself', async () => {
    const response = await fetch(`${url}/extract`, { method: 'POST', body: '{"group":"south"}' });
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect([response.status, error.field]).toEqual([400, 'group']);
  });

  it('stops reading a body that is too large', async () => {
    const body = new Blob(['x'.repeat(200_000)]).stream();
    const response = await fetch(`${url}/extract`, { method: 'POST', body, duplex: 'half' });
    expect(response.status).toBe(413);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFunction } from '../../../tests/fixtures/start-function.ts';
import type { TidePipeline } from '../../../tests/fixtures/tide-pipeline.ts';
import { openTidePipeline } from '../../../tests/fixtures/tide-pipeline.ts';
import type { TideVendor } from '../../../tests/fixtures/tide-vendor.ts';
import { startTideVendor } from '../../../tests/fixtures/tide-vendor.ts';

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

describe('a function', () => {
  it('says what is missing in its environment, and is still up', async () => {
    const bare = await startFunction(tides.bundle.dir, { ...tides.env, CATCHMENT_PIPELINE: '' });
    try {
      expect((await fetch(`${bare.url}/health`)).status).toBe(200);
      const response = await fetch(`${bare.url}/extract`, { method: 'POST' });
      expect([response.status, await response.json()]).toEqual([
        500,
        {
          error: {
            code: 'bad-input',
            message:
              '[CATCHMENT_PIPELINE] is not set; deploy the stack again, or set it to the JSON of one pipeline',
            retryable: false,
          },
        },
      ]);
    } finally {
      bare.child.kill('SIGKILL');
    }
  });

  it('runs two groups at once in one open file, and asks which when there are several', async () => {
    const other = await openTidePipeline(vendor, ['north', 'south']);
    const shared = await startFunction(other.bundle.dir, other.env);
    try {
      const extract = (query: string) => fetch(`${shared.url}/extract${query}`, { method: 'POST' });
      const replies = await Promise.all([extract('?group=north'), extract('?group=south'), extract('')]);
      expect(replies.map(({ status }) => status)).toEqual([200, 200, 400]);
    } finally {
      shared.child.kill('SIGKILL');
      other.close();
    }
  });

  it('starts no slice in the last 30 seconds that the platform grants, and comes back for them', async () => {
    const other = await openTidePipeline(vendor);
    const hasty = await startFunction(other.bundle.dir, { ...other.env, CATCHMENT_TIMEOUT_SECONDS: '31' });
    try {
      vendor.mood = 'holding';
      const running = fetch(`${hasty.url}/extract`, { method: 'POST' });
      await vendor.held();
      await new Promise((resolve) => setTimeout(resolve, 1100));
      vendor.release();
      const response = await running;
      const { run } = (await response.json()) as { run: Record<string, unknown> };
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      expect([run.status, run.slicesDone, run.slicesPlanned]).toEqual(['deferred', 1, 4]);
      const rest = await fetch(`${hasty.url}/extract`, { method: 'POST' });
      expect([rest.status, ((await rest.json()) as { run: typeof run }).run.slicesDone]).toEqual([200, 3]);
    } finally {
      hasty.child.kill('SIGKILL');
      other.close();
    }
  });
});

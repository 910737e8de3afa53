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

describe('a function that is told to end', () => {
  it('answers 503 to a run in the middle when it is told to end, and then ends', async () => {
    const other = await openTidePipeline(vendor);
    const mortal = await startFunction(other.bundle.dir, other.env);
    try {
      vendor.mood = 'holding';
      const running = fetch(`${mortal.url}/extract`, { method: 'POST' });
      await vendor.held();
      mortal.child.kill('SIGTERM');
      const response = await running;
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      expect([response.status, error.code, error.retryable]).toEqual([503, 'cancelled', true]);
      expect(await mortal.ended()).toEqual({ code: 0, signal: null });
      vendor.release();
    } finally {
      mortal.child.kill('SIGKILL');
      other.close();
    }
  });

  it('ends at once on SIGTERM when nothing is at work', async () => {
    const idle = await startFunction(tides.bundle.dir, tides.env);
    idle.child.kill('SIGTERM');
    expect(await idle.ended()).toEqual({ code: 0, signal: null });
  });
});

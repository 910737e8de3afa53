import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ActiveRun } from './active-run.ts';
import { leaseTermMs } from './active-run.ts';
import { keepLease } from './keep-lease.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it('renews a lease three times per term while something long goes on, and no more afterwards', async () => {
  const renewed: unknown[] = [];
  const now = new Date('2026-11-12T06:00:00Z');
  const ledger = { renew: async (...facts: unknown[]) => void renewed.push(facts) };
  const run = { request: { warehouse: { ledger } }, setup: { now: () => now }, lease: { fence: 7 } };
  const keeper = keepLease(run as never as ActiveRun);
  await vi.advanceTimersByTimeAsync(leaseTermMs + 1);
  expect(renewed).toEqual(Array.from({ length: 3 }, () => [{ fence: 7 }, now, leaseTermMs]));
  keeper.check();
  keeper.stop();
  await vi.advanceTimersByTimeAsync(leaseTermMs);
  expect(renewed).toHaveLength(3);
});

it('tells what a renewal met', async () => {
  const lost = new Error('the lease is lost');
  const ledger = { renew: () => Promise.reject(lost) };
  const run = { request: { warehouse: { ledger } }, setup: { now: () => new Date(0) }, lease: {} };
  const keeper = keepLease(run as never as ActiveRun);
  await vi.advanceTimersByTimeAsync(leaseTermMs / 2);
  expect(() => keeper.check()).toThrow(lost);
  keeper.stop();
});

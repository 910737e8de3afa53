import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RateLimit } from './policy.ts';
import { createLimiter } from './rate-limit.ts';

describe('createLimiter', () => {
  it('lets a burst through and then one call per departure that leaves the window', async () => {
    const { take } = open([{ scope: 'app', max: 2, perSeconds: 1 }]);
    expect([await take('a'), await take('a'), await take('a'), await take('a'), await take('a')]).toEqual([
      0, 0, 1000, 0, 1000,
    ]);
  });

  it('gives each account, and each path of it, a bucket of its own', async () => {
    const account = open([{ scope: 'account', max: 1, perSeconds: 1 }]);
    expect([await account.take('a'), await account.take('b'), await account.take('a', 'other')]).toEqual([
      0, 0, 1000,
    ]);
    const path = open([{ scope: 'account+path', max: 1, perSeconds: 1 }]);
    expect([await path.take('a'), await path.take('a', 'other'), await path.take('a')]).toEqual([0, 0, 1000]);
    const app = open([{ scope: 'app', max: 1, perSeconds: 1 }]);
    expect([await app.take('a'), await app.take('b', 'other')]).toEqual([0, 1000]);
  });

  it('obeys the strictest of several limits', async () => {
    const { take } = open([
      { scope: 'app', max: 2, perSeconds: 1 },
      { scope: 'app', max: 3, perSeconds: 60 },
    ]);
    expect([await take('a'), await take('a'), await take('a'), await take('a')]).toEqual([
      0, 0, 1000, 59_000,
    ]);
  });

  it('defers a run that would have to wait too long, and says until when', async () => {
    const { take } = open([{ scope: 'account+path', max: 1, perSeconds: 61 }]);
    await take('a');
    await expect(take('a')).rejects.toMatchObject({
      message:
        '[p/g] the limit of 1 calls in 61 s per account and path is used up; the run goes on at 1970-01-01T00:01:01.000Z',
      kind: 'retryable',
      code: 'deferred',
      resumeAt: new Date(61_000),
    });
  });

  it('stops waiting when the run is stopped', async () => {
    const stop = new AbortController();
    const { take } = open(
      [{ scope: 'app', max: 1, perSeconds: 1 }],
      async (_, signal) => {
        stop.abort(new Error('stopped'));
        signal.throwIfAborted();
      },
      stop.signal,
    );
    await take('a');
    await expect(take('a')).rejects.toThrow('stopped');
  });

  it('never waits longer than the window when the clock is set back', async () => {
    const { take, move } = open([{ scope: 'app', max: 1, perSeconds: 5 }]);
    move(100_000);
    await take('a');
    move(-90_000);
    expect(await take('a')).toBeGreaterThan(0);
  });

  it('never lets more than max calls leave in any window, also for callers at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 30 }),
        async (max, perSeconds, accounts) => {
          const { take, departures } = open([
            { scope: 'app', max, perSeconds },
            { scope: 'account', max: 1, perSeconds: 1 },
          ]);
          await Promise.all(accounts.map((account) => take(account)));
          const times = departures.toSorted((a, b) => a - b);
          for (const [index, time] of times.entries()) {
            const later = times[index + max];
            if (later !== undefined) expect(later - time).toBeGreaterThanOrEqual(perSeconds * 1000);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

/** A limiter whose clock only moves while somebody sleeps. */
function open(
  limits: readonly RateLimit[],
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>,
  signal = new AbortController().signal,
) {
  let clock = 0;
  const departures: number[] = [];
  const sleepers: { readonly end: number; readonly wake: () => void }[] = [];
  // Time passes when nobody has anything left to do at this moment.
  const pass = (ms: number) =>
    new Promise<void>((wake) => {
      sleepers.push({ end: clock + ms, wake });
      setImmediate(() => {
        clock = Math.max(clock, Math.min(...sleepers.map(({ end }) => end)));
        const due = sleepers.findIndex(({ end }) => end <= clock);
        for (const sleeper of sleepers.splice(due, due < 0 ? 0 : 1)) sleeper.wake();
      });
    });
  const limiter = createLimiter({
    limits,
    maxWaitMs: 60_000,
    where: 'p/g',
    signal,
    now: () => new Date(clock),
    sleep: sleep ?? pass,
  });
  const take = async (account: string, path = 'path') => {
    const waited = await limiter.take({ account, path });
    departures.push(clock);
    return waited;
  };
  const move = (ms: number) => {
    clock += ms;
  };
  return { take, move, departures };
}

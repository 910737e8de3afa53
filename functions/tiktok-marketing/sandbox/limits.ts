import { VendorError } from './answer.ts';

export interface Limits {
  /** @throws VendorError 40100 or 40133 */
  take(advertiserId: string | undefined, path: string): void;
}

/** The Basic tier's limits, per app and per advertiser and path. */
const perSecond = 10;
const perMinute = 600;
const perAdvertiserAndPath = 20;
const penaltyMs = 5 * 60_000;

/** Counts requests in sliding windows, refused ones too. */
export function createLimits(clock: () => number): Limits {
  const app: number[] = [];
  const paths = new Map<string, number[]>();
  let blockedUntil = 0;
  return {
    take(advertiserId, path) {
      const now = clock();
      if (now < blockedUntil) throw tooMany();
      forget(app, now - 60_000);
      app.push(now);
      if (app.length > perMinute) {
        blockedUntil = now + penaltyMs;
        throw tooMany();
      }
      if (app.filter((at) => at > now - 1000).length > perSecond) throw tooMany();
      if (advertiserId === undefined) return;
      const key = `${advertiserId} ${path}`;
      const own = paths.get(key) ?? [];
      forget(own, now - 1000);
      own.push(now);
      paths.set(key, own);
      if (own.length > perAdvertiserAndPath)
        throw new VendorError(
          40133,
          'Too many requests of this advertiser to this path. Please retry in some time.',
        );
    },
  };
}

/**
 * A clock for limits: the injected one, unless it stands still. Then real time goes on, so that a test with a frozen
 * day is not locked out for ever.
 */
export function createLimitClock(now: () => Date): () => number {
  const start = now().getTime();
  const started = performance.now();
  return () => start + Math.max(now().getTime() - start, performance.now() - started);
}

function forget(times: number[], until: number): void {
  const kept = times.findIndex((at) => at > until);
  times.splice(0, kept === -1 ? times.length : kept);
}

function tooMany(): VendorError {
  return new VendorError(40100, 'Too many requests. Please retry in some time.');
}

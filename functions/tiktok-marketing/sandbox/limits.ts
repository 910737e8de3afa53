import { VendorError } from './answer.ts';

export interface Limits {
  /** @throws VendorError 40100 or 40133 */
  take(advertiserId: string | undefined, path: string): void;
}

/** A moment on the injected clock and on the real one, in milliseconds. */
interface Moment {
  readonly told: number;
  readonly real: number;
}

/** The Basic tier's limits, per app and per advertiser and path. */
const perSecond = 10;
const perMinute = 600;
const perAdvertiserAndPath = 20;
const penaltyMs = 5 * 60_000;

/**
 * Counts requests in sliding windows, refused ones too. Time passes on the injected clock; where that one stands still,
 * real time passes, so that a test with a frozen day is not locked out for ever.
 */
export function createLimits(now: () => Date): Limits {
  const app: Moment[] = [];
  const paths = new Map<string, Moment[]>();
  let lockedOut: Moment | undefined;
  return {
    take(advertiserId, path) {
      const moment = { told: now().getTime(), real: performance.now() };
      if (lockedOut !== undefined && !isOlder(lockedOut, moment, penaltyMs)) throw tooMany();
      if (count(app, moment, 60_000) > perMinute) {
        lockedOut = moment;
        throw tooMany();
      }
      if (app.filter((at) => !isOlder(at, moment, 1000)).length > perSecond) throw tooMany();
      if (advertiserId === undefined) return;
      const key = `${advertiserId} ${path}`;
      const own = paths.get(key) ?? [];
      paths.set(key, own);
      if (count(own, moment, 1000) > perAdvertiserAndPath)
        throw new VendorError(
          40133,
          'Too many requests of this advertiser to this path. Please retry in some time.',
        );
    },
  };
}

/** Requests within the last `ms`, this one included; forgets the older ones. */
function count(moments: Moment[], moment: Moment, ms: number): number {
  moments.push(moment);
  moments.splice(
    0,
    moments.findIndex((at) => !isOlder(at, moment, ms)),
  );
  return moments.length;
}

function isOlder(at: Moment, moment: Moment, ms: number): boolean {
  return moment.told - at.told >= ms || moment.real - at.real >= ms;
}

function tooMany(): VendorError {
  return new VendorError(40100, 'Too many requests. Please retry in some time.');
}

import type { CatchmentError } from '../../errors.ts';
import { fatal, retryable } from '../../errors.ts';

/** What ClickHouse says went wrong. */
export interface Refusal {
  /** https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp */
  readonly code: number;
  readonly message: string;
}

export const codes = {
  unknownTable: 60,
  unknownDatabase: 81,
  readonly: 164,
  accessDenied: 497,
} as const;

const authentication = [192, 193, 194, 516];

/** Data that does not fit its column, as a reader of bytes meets it. */
const badData = new Set([
  6, 25, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 131, 321, 349, 376, 395, 407, 467, 691,
]);

const damage = new Set([32, 36, 40, 43, 48, 49, 271, 354, 432, 561, 636, 1001]);

/** Too many queries (202), a time limit (159), too many parts (252), no free thread (439): waiting helps. */
const passing = new Set([159, 202, 252, 439]);

/** Quotas are counted by intervals, mostly hours. */
const quotaWaitMs = 3_600_000;

export function isBadData({ code }: Refusal): boolean {
  return badData.has(code);
}

/** A file that cannot be read at all, which another reader says in better words: a wrong magic number, a damaged page. */
export function isDamage({ code }: Refusal): boolean {
  return damage.has(code);
}

export function isPassing({ code }: Refusal): boolean {
  return passing.has(code);
}

/** An error that came from ClickHouse itself: its cause is the refusal. */
export function refusalOf(error: unknown): Refusal | undefined {
  const cause = (error as { readonly cause?: unknown } | undefined)?.cause;
  return typeof cause === 'object' &&
    cause !== null &&
    'code' in cause &&
    'message' in cause &&
    typeof cause.code === 'number'
    ? (cause as Refusal)
    : undefined;
}

/** @param what what was being done, lower case */
export function clickhouseError(what: string, refusal: Refusal, where: string, now: Date): CatchmentError {
  const { code, message } = refusal;
  const text = `ClickHouse: ${what} failed (${shorten(message)})`;
  const facts = { where, what: text, cause: refusal };
  if (authentication.includes(code))
    return fatal('auth', {
      ...facts,
      what: `ClickHouse refused the user or the password (code ${code})`,
      todo: 'put the right user and password into the secret of the warehouse',
    });
  switch (code) {
    case codes.accessDenied:
      return fatal('auth', {
        ...facts,
        todo: 'grant the user what the message names; docs of the clickhouse warehouse list all grants',
      });
    case codes.unknownDatabase:
    case codes.unknownTable:
      return fatal('warehouse', {
        ...facts,
        todo: 'somebody dropped it while the run went on; the next run makes it again',
      });
    case 241:
      return retryable('warehouse', {
        ...facts,
        todo: 'the memory limit of the server or the user is reached; raise max_memory_usage or load smaller slices',
      });
    case 252:
      return retryable('warehouse', {
        ...facts,
        todo: 'the server cannot merge as fast as rows come; run it again later, or less often',
      });
    case 243:
      return fatal('disk-full', { ...facts, todo: "free space on the server's disk" });
    case 201:
      return retryable('deferred', {
        ...facts,
        todo: "the user's quota is used up; the next run goes on from here",
        resumeAt: new Date(now.getTime() + quotaWaitMs),
      });
    default:
      return isPassing(refusal)
        ? retryable('warehouse', { ...facts, todo: 'several attempts failed; run it again later' })
        : fatal('warehouse', facts);
  }
}

/** Messages repeat the row that was wrong, which may hold what nobody should read in a log. */
function shorten(message: string): string {
  const text = message
    .replace(/\s*Row \d+:[\s\S]*$/, '')
    .replace(/\s+/g, ' ')
    .trim();
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

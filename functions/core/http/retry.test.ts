import { describe, expect, it } from 'vitest';
import { fatal, retryable } from '../errors.ts';
import type { NormalRetry } from './normalize.ts';
import type { AnswerRule } from './policy.ts';
import type { Failure } from './retry.ts';
import { decide, deferred } from './retry.ts';

const now = new Date('2026-11-20T06:00:00Z');
const retry: NormalRetry = {
  limit: 5,
  baseMs: 500,
  ceilingMs: 4000,
  maxWaitMs: 60_000,
  statuses: [429],
  waitHeader: 'Retry-After',
};
const error = retryable('vendor', { what: 'GET x was refused' });

describe('decide', () => {
  it('backs off twice as long each time, up to the ceiling', () => {
    const waits = [1, 2, 3, 4, 5].map((attempt) => choose({ error }, attempt, 1));
    expect(waits).toEqual([500, 1000, 2000, 4000, 4000].map((ms) => ({ do: 'retry', ms })));
  });

  it('spreads the backoff over its whole length', () => {
    expect([0, 0.25, 0.5].map((random) => choose({ error }, 3, random))).toEqual(
      [0, 500, 1000].map((ms) => ({ do: 'retry', ms })),
    );
  });

  it('gives up after the last attempt', () => {
    expect(choose({ error }, 6)).toEqual({ do: 'give-up', error });
  });

  it('gives up at once on a fatal error, whatever the headers say', () => {
    const final = fatal('vendor', { what: 'x' });
    expect(choose({ error: final, headers: { 'retry-after': '1' } })).toEqual({
      do: 'give-up',
      error: final,
    });
  });

  it('waits as long as the vendor says, without jitter', () => {
    expect(choose({ error, headers: { 'retry-after': '7' } }, 1, 0)).toEqual({ do: 'retry', ms: 7000 });
    expect(choose({ error, headers: { 'retry-after': '0.5' } }, 1, 0)).toEqual({ do: 'retry', ms: 500 });
    const date = 'Fri, 20 Nov 2026 06:00:30 GMT';
    expect(choose({ error, headers: { 'retry-after': date } }, 1, 0)).toEqual({ do: 'retry', ms: 30_000 });
    expect(choose({ error, headers: { 'retry-after': [date] } }, 1, 0)).toEqual({ do: 'retry', ms: 30_000 });
  });

  it('does not wait for a moment that is past, and backs off when the header makes no sense', () => {
    const past = 'Fri, 20 Nov 2026 05:00:00 GMT';
    expect(choose({ error, headers: { 'retry-after': past } }, 1, 1)).toEqual({ do: 'retry', ms: 0 });
    expect(choose({ error, headers: { 'retry-after': 'soon' } }, 1, 1)).toEqual({ do: 'retry', ms: 500 });
  });

  it('defers the run when the vendor asks for a longer wait than the policy allows', () => {
    expect(choose({ error, headers: { 'retry-after': '61' } })).toEqual({
      do: 'defer',
      until: new Date('2026-11-20T06:01:01Z'),
    });
    expect(choose({ error, headers: { 'retry-after': '60' } })).toEqual({ do: 'retry', ms: 60_000 });
  });

  it('asks again after a day when the vendor names an absurd wait', () => {
    expect(choose({ error, headers: { 'retry-after': '99999999999999' } })).toEqual({
      do: 'defer',
      until: new Date('2026-11-21T06:00:00Z'),
    });
  });

  it('takes the wait of a rule that says wait', () => {
    expect(choose({ error, rule: rule('wait', 10) }, 1, 0)).toEqual({ do: 'retry', ms: 10_000 });
    expect(choose({ error, rule: rule('wait', 300) })).toEqual({
      do: 'defer',
      until: new Date('2026-11-20T06:05:00Z'),
    });
    expect(choose({ error, rule: rule('wait') }, 1, 1)).toEqual({ do: 'retry', ms: 500 });
  });

  it('backs off on a rule that says retry, and takes its long wait only after the last attempt', () => {
    expect(choose({ error, rule: rule('retry', 300) }, 5, 1)).toEqual({ do: 'retry', ms: 4000 });
    expect(choose({ error, rule: rule('retry', 300) }, 6)).toEqual({
      do: 'defer',
      until: new Date('2026-11-20T06:05:00Z'),
    });
    expect(choose({ error, rule: rule('retry', 30) }, 6)).toEqual({ do: 'give-up', error });
  });

  it('lets a header win over a rule', () => {
    expect(choose({ error, rule: rule('retry', 300), headers: { 'retry-after': '2' } }, 1, 0)).toEqual({
      do: 'retry',
      ms: 2000,
    });
  });
});

describe('deferred', () => {
  it('keeps what the vendor said and names when the run goes on', () => {
    const until = new Date('2026-11-20T06:05:00Z');
    const made = deferred(
      { error: retryable('vendor', { what: 'GET x was refused', where: 'p/g', got: 'slow down' }) },
      until,
    );
    expect(made.message).toBe(
      '[p/g] GET x was refused: got "slow down"; the vendor asks to wait, so the run goes on at 2026-11-20T06:05:00.000Z',
    );
    expect([made.kind, made.code, made.resumeAt]).toEqual(['retryable', 'deferred', until]);
  });
});

function choose(failure: Failure, attempt = 1, random = 0.5) {
  return decide({ attempt, retry, failure, now, random: () => random });
}

function rule(action: AnswerRule['action'], waitSeconds?: number): AnswerRule {
  return { codes: [1], action, means: 'test', ...(waitSeconds === undefined ? {} : { waitSeconds }) };
}

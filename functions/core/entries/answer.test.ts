import { describe, expect, it } from 'vitest';
import { fatal, retryable } from '../errors.ts';
import type { RunRecord } from '../ledger/ledger.ts';
import { errorAnswer, summaryAnswer, toJson } from './answer.ts';

const now = new Date('2026-11-20T06:00:00Z');
const resumeAt = new Date('2026-11-20T06:04:59.100Z');

const record: RunRecord = {
  runId: 'r',
  pipeline: 'tides',
  group: 'north',
  lane: 'incremental',
  trigger: 'http',
  status: 'succeeded',
  startedAt: now,
  slicesPlanned: 2,
  slicesDone: 1,
  slicesFailed: 1,
  rowsRead: 0,
  rowsLoaded: 0,
  rowsUnchanged: 0,
  rowsQuarantined: 0,
  bytes: 0,
  apiCalls: 0,
  waitedMs: 0,
};

const failures = [{ sliceId: 'levels/a/2026-11-19', error: 'no' }];

function summary(run: Partial<RunRecord>, failed: typeof failures = []) {
  return { run: { ...record, ...run }, tables: [], failures: failed, skipped: [], drift: [] };
}

describe('errorAnswer', () => {
  it('tells the field, what is allowed and that trying again is no use', () => {
    const error = fatal('bad-input', { what: 'group is unknown', field: 'group', got: 'x', allowed: ['a'] });
    expect(errorAnswer(error, 400, now)).toEqual({
      status: 400,
      body: {
        error: {
          code: 'bad-input',
          message: 'group is unknown: got "x"; allowed: a',
          field: 'group',
          allowed: ['a'],
          retryable: false,
        },
      },
    });
  });

  it('is 409 while another run is at work', () => {
    const answer = errorAnswer(retryable('already-running', { what: 'already running' }), 500, now);
    expect([answer.status, answer.headers]).toEqual([409, { 'retry-after': '60' }]);
  });

  it('is 503 with the seconds until a deferred run may go on', () => {
    const answer = errorAnswer(retryable('deferred', { what: 'deferred', resumeAt }), 500, now);
    expect([answer.status, answer.headers]).toEqual([503, { 'retry-after': '300' }]);
  });
});

describe('summaryAnswer', () => {
  it('is 200 when all slices are in', () => {
    expect(summaryAnswer(summary({}), false, now)).toEqual({ status: 200, body: summary({}) });
  });

  it('is 500 for a partial run, names its slices and keeps the summary', () => {
    const partial = summary({ status: 'partial', error: 'one failed' }, failures);
    expect(summaryAnswer(partial, false, now)).toEqual({
      status: 500,
      body: {
        error: {
          code: 'partial',
          message: 'one failed; failed slices: levels/a/2026-11-19',
          retryable: true,
        },
        ...partial,
      },
    });
  });

  it('is 503 for a deferred run, with the time to come back', () => {
    const answer = summaryAnswer(summary({ status: 'deferred', error: 'quota', resumeAt }), false, now);
    expect([answer.status, answer.headers]).toEqual([503, { 'retry-after': '300' }]);
  });

  it('is 503 for a run that was stopped', () => {
    const answer = summaryAnswer(summary({ status: 'failed', error: 'the run was stopped' }), true, now);
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'cancelled', retryable: true } } });
  });

  it('is 500 for a failed run, which a person must look at', () => {
    const answer = summaryAnswer(summary({ status: 'failed' }), false, now);
    expect(answer).toMatchObject({
      status: 500,
      body: { error: { code: 'failed', message: 'the run ended failed', retryable: false } },
    });
  });
});

describe('toJson', () => {
  it('writes integers of any size', () => {
    expect(toJson({ small: 5n, large: 7_000_000_000_000_000_001n })).toBe(
      '{"small":5,"large":"7000000000000000001"}',
    );
  });
});

import { expect, it } from 'vitest';
import { fatal, retryable } from '../functions/core/errors.ts';
import type { RunSummary } from '../functions/core/run/request.ts';
import type { Target } from '../twin/select.ts';
import { type Ended, exitCodeOfAll } from './run-orders.ts';

const target = {} as Target;
const going = new AbortController().signal;
const ended = (status: string): Ended => ({ target, summary: { run: { status } } as RunSummary });
const failed = (code: 'auth' | 'bad-input'): Ended => ({ target, error: fatal(code, { what: 'no' }) });
const busy: Ended = { target, error: retryable('already-running', { what: 'busy' }) };

it.each([
  ['all succeeded', [ended('succeeded'), ended('succeeded')], 0],
  ['one is partial', [ended('succeeded'), ended('partial')], 1],
  ['one failed, one must wait', [ended('deferred'), ended('failed')], 1],
  ['one must wait', [ended('succeeded'), ended('deferred')], 75],
  ['one is busy', [busy, ended('succeeded')], 75],
  ['the only one was asked for wrongly', [failed('bad-input')], 64],
  ['one of several was asked for wrongly', [failed('bad-input'), ended('succeeded')], 1],
  ['the only one has no secret', [failed('auth')], 1],
])('when %s', (_, all, code) => {
  expect(exitCodeOfAll(all, going)).toBe(code);
});

it('is 130 when interrupted, whatever had ended by then', () => {
  expect(exitCodeOfAll([ended('partial')], AbortSignal.abort())).toBe(130);
});

import { expect, it } from 'vitest';
import { isBatchDue } from './batch-due.ts';

it.each([
  ['is full', { changes: 10_000, ageMs: 0, lastCommitMs: 500 }, true],
  ['is old', { changes: 1, ageMs: 2_000, lastCommitMs: 0 }, true],
  ['is young and small', { changes: 999, ageMs: 1_999, lastCommitMs: 0 }, false],
  ['gathered for as long as the last commit took', { changes: 1_000, ageMs: 300, lastCommitMs: 300 }, true],
  ['gathered for less', { changes: 9_999, ageMs: 299, lastCommitMs: 300 }, false],
  ['is the first one and not tiny', { changes: 1_000, ageMs: 0, lastCommitMs: 0 }, true],
  ['is old, however slow commits are', { changes: 1_000, ageMs: 2_000, lastCommitMs: 9_000 }, true],
])('commits, or not, a batch that %s', (_, waiting, isDue) => {
  expect(isBatchDue(waiting)).toBe(isDue);
});
